// Package localdb runs a private PostgreSQL server as a child of this process,
// so that Gatehouse starts without any set-up on a machine that merely has the
// PostgreSQL programs somewhere.
//
// It owns one folder, Options.Dir:
//
//	data/         the database cluster, made by initdb
//	data.new/     the same while initdb is at work; renamed when it is complete
//	run/          the unix socket, unless its path would be too long
//	password      the generated password of the server's two roles
//	lock          held while an instance uses the folder; says who and where
//	postgres.log  what the server writes
//
// What it promises:
//
//   - It never deletes a data folder. An interrupted initdb is moved aside, a
//     folder of another major version or one it does not recognise is left as
//     it is and reported.
//   - The server listens on a unix socket in a folder that is closed to other
//     users, asks for a password, and opens no TCP port.
//   - One instance at a time. A second one learns who holds the folder.
//   - The server does not outlive its owner: it is stopped by Stop, and on Linux
//     by the kernel when the owner is killed. Data survives both.
//   - The server never runs as root, which PostgreSQL refuses: then the child,
//     and only the child, runs as "postgres" or "nobody". Folder, lock and
//     password stay with root; only data and run are given away.
//
// It does not download anything while starting; Fetch is a separate step that
// the caller takes deliberately.
package localdb
