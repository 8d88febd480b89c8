-- Tables that the server encrypts at rest.
-- unproven physical: key
-- unproven logical: encrypted
-- before: echo '1;770A8A65DA156D24EE2A093277530142770A8A65DA156D24EE2A093277530142' >$DIR/keys
-- server: --plugin-dir=$PLUGINS --plugin-load-add=file_key_management --file-key-management-filename=$DIR/keys
CREATE DATABASE secret;
CREATE TABLE secret.t (id INT PRIMARY KEY, v VARCHAR(20)) ENCRYPTED=YES ENCRYPTION_KEY_ID=1;
INSERT INTO secret.t VALUES (1, 'x');
