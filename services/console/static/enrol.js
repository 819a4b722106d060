// The invitation stands behind # in the link: browsers send that to no server, so it is read off here.
"use strict";
(() => {
  const field = document.getElementById("invitation");
  const secret = location.hash.slice(1);
  if (!field || !/^[0-9a-f]{64}$/.test(secret)) return;
  field.value = secret;
  history.replaceState(null, "", location.pathname); // neither the history nor a bookmark keeps it
  document.getElementById("invitation-form").requestSubmit();
})();
