// SPDX-License-Identifier: GPL-3.0-or-later

package mariadb

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"

	"overcloud.backup/internal/peer"
)

// maxPEM limits a file of certificates: those of a complete distribution come to some hundred kilobytes.
const maxPEM = 4 << 20

// loadTLS returns nil without certificates: then the connection is not encrypted. Whoever can write the files decides
// which server is trusted, so they are read only if nobody outside of may can.
func loadTLS(l Login, may peer.Owners) (*tls.Config, error) {
	ca, cert, key := l.CACert, l.ClientCert, l.ClientKey
	if ca == "" && cert == "" {
		return nil, nil
	}
	cfg := &tls.Config{MinVersion: tls.VersionTLS12}
	if ca != "" {
		pem, err := may.ReadFile(ca, maxPEM)
		if err != nil {
			return nil, fmt.Errorf("read ca_cert: %w", err)
		}
		cfg.RootCAs = x509.NewCertPool()
		if !cfg.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("ca_cert %s contains no certificate in PEM form", ca)
		}
	}
	if cert != "" {
		pair, err := keyPair(cert, key, may)
		if err != nil {
			return nil, fmt.Errorf("read client_cert %s and client_key %s: %w", cert, key, err)
		}
		cfg.Certificates = []tls.Certificate{pair}
	}
	if l.SkipHostname {
		// The chain is checked anyway, by VerifyConnection.
		cfg.InsecureSkipVerify = true
		cfg.VerifyConnection = chainOnly(cfg.RootCAs)
	}
	return cfg, nil
}

func keyPair(cert, key string, may peer.Owners) (tls.Certificate, error) {
	public, err := may.ReadFile(cert, maxPEM)
	if err != nil {
		return tls.Certificate{}, err
	}
	private, err := may.ReadFile(key, maxPEM)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.X509KeyPair(public, private)
}

// chainOnly checks that the server's certificate is signed by a known CA, whatever name it carries.
func chainOnly(roots *x509.CertPool) func(tls.ConnectionState) error {
	return func(state tls.ConnectionState) error {
		if len(state.PeerCertificates) == 0 {
			return errors.New("the server showed no certificate")
		}
		options := x509.VerifyOptions{Roots: roots, Intermediates: x509.NewCertPool()}
		for _, cert := range state.PeerCertificates[1:] {
			options.Intermediates.AddCert(cert)
		}
		_, err := state.PeerCertificates[0].Verify(options)
		return err
	}
}
