// SPDX-License-Identifier: GPL-3.0-or-later

package hiera

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"overcloud.backup/internal/excerpt"
)

// Facts returns a Puppet fact by its name; false if only Puppet knows it.
type Facts func(name string) (string, bool)

// hostFacts returns the facts of this host that director's hierarchy and data refer to: the name of one node's data
// (%{::uuid}), the family of the system (%{::osfamily}), and host names. deploy_config_name is set only while director
// deploys.
func hostFacts(name string) (string, bool) {
	switch name {
	case "uuid":
		uuid, found := firstWord("/sys/class/dmi/id/product_uuid")
		return strings.ToLower(uuid), found
	case "osfamily", "os.family", "os_family":
		return family("/etc/os-release")
	case "hostname", "fqdn", "networking.fqdn", "networking.hostname":
		host, err := os.Hostname()
		if err != nil {
			return "", false
		}
		return nameFact(name, host)
	}
	return "", false
}

// nameFact is a fact about a host of this name. Facter completes a short name from resolv.conf, hosts and the resolver;
// its result is not guessed here.
func nameFact(fact, host string) (string, bool) {
	short, _, long := strings.Cut(host, ".")
	if strings.HasSuffix(fact, "fqdn") {
		return host, long
	}
	return short, short != ""
}

func firstWord(path string) (string, bool) {
	content, err := read(path)
	word := strings.TrimSpace(string(content))
	return word, err == nil && word != ""
}

// family reads ID and ID_LIKE of os-release.
func family(path string) (string, bool) {
	content, err := read(path)
	if err != nil {
		return "", false
	}
	for line := range strings.Lines(string(content)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		if key != "ID" && key != "ID_LIKE" {
			continue
		}
		words := strings.Fields(strings.Trim(value, `"'`))
		switch {
		case slices.Contains(words, "rhel"), slices.Contains(words, "fedora"), slices.Contains(words, "centos"):
			return "RedHat", true
		case slices.Contains(words, "debian"), slices.Contains(words, "ubuntu"):
			return "Debian", true
		}
	}
	return "", false
}

// References to a fact and to another key:
//
//	%{::uuid}   %{facts.os.family}   %{hiera('fqdn_internal_api')}   %{lookup("x")}   %{alias('y')}   %{literal('%')}
var (
	reference = regexp.MustCompile(`%\{([^}]*)\}`)
	function  = regexp.MustCompile(`^\s*(hiera|lookup|alias|literal|scope)\(\s*(?:'([^']*)'|"([^"]*)")\s*\)\s*$`)
)

// fill replaces the references to facts in a path of the hierarchy; false if one is not known here.
func fill(path string, facts Facts) (string, bool) {
	known := true
	filled := reference.ReplaceAllStringFunc(path, func(ref string) string {
		value, found := pathFact(inside(ref), facts)
		// A value with a slash would change the folder.
		known = known && found && !strings.ContainsAny(value, "/\x00") && !strings.Contains(value, "%{")
		return value
	})
	return filled, known && !strings.Contains(filled, "%{")
}

// pathFact returns the value of a reference in a path: a fact, or a literal text.
func pathFact(inside string, facts Facts) (string, bool) {
	call := function.FindStringSubmatch(inside)
	switch {
	case call == nil:
		return facts(factName(inside))
	case call[1] == "scope":
		return facts(factName(call[2] + call[3]))
	case call[1] == "literal":
		return call[2] + call[3], true
	}
	return "", false
}

// otherKey is the first reference of a path to another key of the data, or "".
func otherKey(path string) string {
	for _, ref := range reference.FindAllStringSubmatch(path, -1) {
		if call := function.FindStringSubmatch(ref[1]); call != nil && call[1] != "scope" && call[1] != "literal" {
			return ref[0]
		}
	}
	return ""
}

// factName turns ::uuid or facts.uuid into the name that Facts expects.
func factName(variable string) string {
	return strings.TrimPrefix(strings.TrimPrefix(strings.TrimSpace(variable), "::"), "facts.")
}

// inside returns the text between the braces of a reference.
func inside(ref string) string { return reference.FindStringSubmatch(ref)[1] }

// errReference is a value that this host cannot resolve. Its text names no value.
var errReference = errors.New("it refers to other data with %{...} that is not known here; " +
	"install hiera or set the login options")

// maxDepth is the length of the longest chain of references: more is a cycle.
const maxDepth = 8

// resolve replaces the references in a value. other looks up another key.
func resolve(value string, facts Facts, other func(key string) (string, bool, error)) (string, error) {
	var failed error
	filled := reference.ReplaceAllStringFunc(value, func(ref string) string {
		text, found, err := resolveOne(ref, facts, other)
		if err == nil && !found {
			err = errReference
		}
		if failed == nil {
			failed = err // there may be thousands of later ones
		}
		return text
	})
	if failed != nil {
		return "", failed
	}
	return filled, nil
}

func resolveOne(ref string, facts Facts, other func(key string) (string, bool, error)) (string, bool, error) {
	call := function.FindStringSubmatch(inside(ref))
	if call == nil {
		text, found := facts(factName(inside(ref)))
		return text, found, nil
	}
	argument := call[2] + call[3]
	switch call[1] {
	case "literal":
		return argument, true, nil
	case "scope":
		text, found := facts(factName(argument))
		return text, found, nil
	}
	text, found, err := other(argument)
	if err != nil {
		err = fmt.Errorf("%s: %w", excerpt.Of(argument), err)
	}
	return text, found, err
}
