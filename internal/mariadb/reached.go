// SPDX-License-Identifier: GPL-3.0-or-later

package mariadb

// Reached says how the server was reached and as which account.
type Reached struct {
	// Via is "socket" or "tcp"; empty if it was not reached.
	Via string `json:"via"`
	// Address is the socket's path, or host:port.
	Address string `json:"address"`
	User    string `json:"user"`
	// Credentials names their source: "options", "option file /root/.my.cnf", "hiera", "unix_socket".
	Credentials string `json:"credentials"`
	// Container is the name of the container in which the server runs, empty on the host itself.
	Container string `json:"container"`
	// Runtime is "podman" or "docker" when Container is set.
	Runtime string `json:"runtime"`
}
