// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"overcloud.backup/internal/backup"
	"overcloud.backup/internal/backup/effect"
	"overcloud.backup/internal/backup/guard"
	"overcloud.backup/internal/decision"
	"overcloud.backup/internal/doctor"
	"overcloud.backup/internal/galera"
	"overcloud.backup/internal/haproxy"
	"overcloud.backup/internal/jobs"
	"overcloud.backup/internal/jobs/backups"
	"overcloud.backup/internal/jobs/verifications"
	"overcloud.backup/internal/pacemaker"
	"overcloud.backup/internal/rebuild"
	"overcloud.backup/internal/restore/plan"
	"overcloud.backup/internal/restore/steps"
)

// described is one value of RETURN.
type described struct {
	Type     string
	Elements string
	Contains map[string]described
}

// The control node drops values of an answer that RETURN does not describe, and refuses values of another type.
func TestEveryValueThatIsReturnedIsDocumented(t *testing.T) {
	facts := func(v any) map[string]any { return map[string]any{"ansible_facts": v} }
	for module, values := range map[string][]any{
		"backup_info": {backupInfoValues{}},
		"backup_verify": {
			verifications.Values{}, jobs.Standing{}, jobs.Standing{}.Attachment(false),
			map[string]any{"progress": rebuild.Progress{}},
		},
		"backup_list":        {backupListValues{}},
		"backup_verify_info": {jobs.Standing{}, map[string]any{"progress": rebuild.Progress{}}},
		"galera_backup_info": {jobs.Standing{}, map[string]any{"progress": backup.Progress{}}},
		"galera_restore":     {steps.Values{}},
		"idle_controller":    {decision.Decision{}},
		"restore_plan":       {plan.Decision{}},
		"galera_facts":       {facts(map[string]any{"ansible_galera": galera.Facts{}})},
		"haproxy_facts":      {facts(map[string]any{"ansible_haproxy": haproxy.Facts{}})},
		"pacemaker_facts":    {facts(map[string]any{"ansible_pacemaker": pacemaker.Facts{}})},
		"doctor":             {doctor.Report{}},
		"doctor_facts":       {facts(map[string]any{"ansible_doctor": doctor.Facts{}})},
		"galera_backup": {jobs.Standing{}, jobs.Standing{}.Attachment(false), map[string]any{
			"plan": backup.Plan{}, "backup": backup.Result{}, "guard": guard.Breach{}, "elsewhere": true,
			"undone": []effect.Undone{}, "recovered": []backups.Recovered{}, "progress": backup.Progress{},
		}},
	} {
		var doc struct {
			Return map[string]described `yaml:"RETURN"`
		}
		if err := yaml.Unmarshal(modules[module].Spec, &doc); err != nil {
			t.Fatal(err)
		}
		for _, v := range values {
			compare(t, module, reflect.ValueOf(v), described{Type: "dict", Contains: doc.Return})
		}
	}
}

// compare compares a value, as JSON represents it, with its description.
func compare(t *testing.T, at string, v reflect.Value, want described) {
	t.Helper()
	for v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	kind := v.Type()
	for kind.Kind() == reflect.Pointer {
		kind = kind.Elem()
	}
	got := kindOf(kind)
	if got != want.Type && got != "" {
		t.Errorf("%s is documented as %s, and is %s", at, want.Type, got)
		return
	}
	switch {
	case got == "list" && want.Elements != "":
		compare(t, at, reflect.New(kind.Elem()).Elem(), described{Type: want.Elements, Contains: want.Contains})
	case want.Contains == nil:
	case kind.Kind() == reflect.Struct:
		fields := map[string]reflect.Value{}
		fieldsOf(reflect.New(kind).Elem(), fields)
		compareAll(t, at, fields, want)
	case kind.Kind() == reflect.Map && v.Kind() == reflect.Map:
		fields := map[string]reflect.Value{}
		for _, key := range v.MapKeys() {
			fields[key.String()] = v.MapIndex(key)
		}
		compareAll(t, at, fields, want)
	}
}

func compareAll(t *testing.T, at string, fields map[string]reflect.Value, want described) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		inner, ok := want.Contains[name]
		if !ok {
			if name != "warnings" || strings.Contains(at, ".") { // Ansible knows the keys of its own
				t.Errorf("%s.%s is not documented", at, name)
			}
			continue
		}
		compare(t, at+"."+name, fields[name], inner)
	}
}

// fieldsOf collects the fields of a struct by their JSON names.
func fieldsOf(v reflect.Value, into map[string]reflect.Value) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "" && f.Type.Kind() == reflect.Struct:
			fieldsOf(v.Field(i), into)
		case f.IsExported() && name != "-":
			if name == "" {
				name = f.Name
			}
			into[name] = v.Field(i)
		}
	}
}

// kindOf returns the type as the documentation names it, or "" if only JSON has it.
func kindOf(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "str"
	case reflect.Bool:
		return "bool"
	case reflect.Int, reflect.Int32, reflect.Int64, reflect.Uint32, reflect.Uint64:
		return "int"
	case reflect.Float64:
		return "float"
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return ""
		}
		return "list"
	case reflect.Struct, reflect.Map:
		if t.PkgPath() == "time" {
			return ""
		}
		return "dict"
	}
	return ""
}
