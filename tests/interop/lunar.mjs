// The first days of lunar months as ICU's Chinese calendar has them: JSON lines of [day, month, leap] for a span of days.
const [first, last] = process.argv.slice(2).map((day) => Date.parse(`${day}T00:00:00Z`));
const format = new Intl.DateTimeFormat("en-u-ca-chinese", { timeZone: "UTC", month: "numeric", day: "numeric" });
const found = [];
for (let moment = first; moment <= last; moment += 86400000) {
  const parts = Object.fromEntries(format.formatToParts(moment).map((part) => [part.type, part.value]));
  if (parts.day === "1") {
    found.push([new Date(moment).toISOString().slice(0, 10), parseInt(parts.month, 10), parts.month.endsWith("bis")]);
  }
}
console.log(JSON.stringify(found));
