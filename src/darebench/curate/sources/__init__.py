"""Where tables come from: a folder of files, or a collection that a client library reads."""
