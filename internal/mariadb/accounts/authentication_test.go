// SPDX-License-Identifier: GPL-3.0-or-later

package accounts

import "testing"

// Rows of mysql.global_priv become what SHOW CREATE USER prints for them (10.4 and 10.11).
func TestARowOfGlobalPrivIsWrittenAsTheServerWritesIt(t *testing.T) {
	for name, c := range map[string]struct{ row, want string }{
		"nothing": {`{}`, ""},
		"a password": {`{"plugin":"mysql_native_password","authentication_string":"*AB"}`,
			" IDENTIFIED BY PASSWORD '*AB'"},
		"no password":       {`{"plugin":"mysql_native_password","authentication_string":""}`, ""},
		"a password alone":  {`{"authentication_string":"*AB"}`, " IDENTIFIED BY PASSWORD '*AB'"},
		"a quote in a text": {`{"plugin":"pam","authentication_string":"it's"}`, " IDENTIFIED VIA pam USING 'it\\'s'"},
		"a socket":          {`{"plugin":"unix_socket"}`, " IDENTIFIED VIA unix_socket"},
		"a plugin of an odd name": {`{"plugin":"my-plugin` + "`" + `"}`,
			" IDENTIFIED VIA `my-plugin```"},
		"two ways, the first empty": {
			`{"plugin":"mysql_native_password","authentication_string":"*AB","auth_or":[{},{"plugin":"unix_socket"}]}`,
			" IDENTIFIED VIA mysql_native_password USING '*AB' OR unix_socket"},
		"two ways, the second empty": {
			`{"plugin":"ed25519","authentication_string":"k","auth_or":[{"plugin":"unix_socket"},{}]}`,
			" IDENTIFIED VIA unix_socket OR ed25519 USING 'k'"},
		"TLS":           {`{"ssl_type":1,"ssl_cipher":"ignored"}`, " REQUIRE SSL"},
		"a certificate": {`{"ssl_type":2}`, " REQUIRE X509"},
		"a certain certificate": {`{"ssl_type":3,"x509_subject":"/CN=a'b","ssl_cipher":"AES","x509_issuer":"/CN=i"}`,
			" REQUIRE ISSUER '/CN=i' SUBJECT '/CN=a\\'b' CIPHER 'AES'"},
		"a certain certificate without a property": {`{"ssl_type":3}`, ""},
		"a kind of later servers":                  {`{"ssl_type":9,"ssl_cipher":"AES"}`, ""},
		"limits": {`{"max_questions":1,"max_updates":0,"max_connections":3,"max_user_connections":-1,` +
			`"max_statement_time":5.500000}`,
			" WITH MAX_QUERIES_PER_HOUR 1 MAX_CONNECTIONS_PER_HOUR 3" +
				" MAX_USER_CONNECTIONS -1 MAX_STATEMENT_TIME 5.500000"},
		"locked":                   {`{"account_locked":true}`, " ACCOUNT LOCK"},
		"a password to be changed": {`{"password_last_changed":0,"password_lifetime":9}`, " PASSWORD EXPIRE"},
		"a password that stays":    {`{"password_last_changed":5,"password_lifetime":0}`, " PASSWORD EXPIRE NEVER"},
		"a password for some days": {`{"password_last_changed":5,"password_lifetime":9}`,
			" PASSWORD EXPIRE INTERVAL 9 DAY"},
		"the server's own lifetime": {`{"password_last_changed":5,"password_lifetime":-1}`, ""},
		"all in the order of a statement": {`{"password_lifetime":0,"account_locked":true,"max_updates":2,` +
			`"ssl_type":1,"plugin":"unix_socket"}`,
			" IDENTIFIED VIA unix_socket REQUIRE SSL WITH MAX_UPDATES_PER_HOUR 2 ACCOUNT LOCK PASSWORD EXPIRE NEVER"},
	} {
		p, err := parsePriv(c.row)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := identifiedBy(p.authentication, p.Or) + p.tail(); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, c.want)
		}
	}
}

// The error must not repeat the row, which contains the hash of a password.
func TestARowThatCannotBeReadIsNotRepeated(t *testing.T) {
	for _, row := range []string{"", "null x", `{"access":"*B69027D44F6E5EDC"}`, `{"access":-1}`,
		`["*B69027D44F6E5EDC"]`,
		`{"authentication_string":"*B69027D44F6E5EDC"`, `{"password_lifetime":1.5}`} {
		if _, err := parsePriv(row); err == nil || err.Error() != "its row of mysql.global_priv cannot be read" {
			t.Errorf("%q: %v", row, err)
		}
	}
}

func TestAnOlderVersionIsRecognized(t *testing.T) {
	for version, want := range map[string]bool{
		"10.3.39-MariaDB": true, "10.4.0-MariaDB": false, "10.11.19-MariaDB-0+deb12u1": false, "11.0.2-MariaDB": false,
		"5.5.68-MariaDB": true, "9.9": true, "": true, "MariaDB": true, "10": true,
	} {
		if got := olderVersion(version, 10, 4); got != want {
			t.Errorf("%q is older than 10.4: %t", version, got)
		}
	}
}
