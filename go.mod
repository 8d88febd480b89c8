module overcloud.backup

go 1.26.0

require (
	github.com/beevik/etree v1.8.1
	github.com/go-sql-driver/mysql v1.10.1
	github.com/klauspost/compress v1.20.4
	golang.org/x/sys v0.50.0
	gopkg.in/yaml.v3 v3.0.1
)

require filippo.io/edwards25519 v1.2.0 // indirect
