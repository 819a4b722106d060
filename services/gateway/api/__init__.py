"""One route table; routes parse and reply, and the documents are written from the same table."""
