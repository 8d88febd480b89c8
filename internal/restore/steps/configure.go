// SPDX-License-Identifier: GPL-3.0-or-later

package steps

import (
	"context"
	"fmt"
	"strings"

	"overcloud.backup/internal/jobs"
	"overcloud.backup/internal/pacemaker/cib"
	"overcloud.backup/internal/pacemaker/steer"
	"overcloud.backup/internal/quantity"
	"overcloud.backup/internal/repository"
	"overcloud.backup/internal/restore/plan"
)

// maxNamed is how many places a warning names.
const maxNamed = 20

// hiddenChanges warns of values that the difference does not show: one of them may be a payload.
func hiddenChanges(places []string, set string) string {
	named := strings.Join(places[:min(len(places), maxNamed)], ", ")
	if len(places) > maxNamed {
		named += ", among others"
	}
	return fmt.Sprintf("the set differs from the cluster in %s not shown here, because secrets may be among them: "+
		"%s; read cib.xml of %s before you push it", quantity.Count(int64(len(places)), "value"), named, set)
}

// configured replaces Pacemaker's configuration with that of the set. In check mode it shows the difference.
func (o Options) configured(ctx context.Context, caller jobs.Caller) (*jobs.Answer, error) {
	s, err := o.open()
	if err != nil {
		return nil, err
	}
	defer s.Close()
	if problems := s.Check(); len(problems) > 0 {
		return nil, repository.Bad(s.Path(), problems)
	}
	content, err := s.Content(ctx, "cib")
	if err != nil {
		return nil, err
	}
	wanted, err := cib.ParseConfiguration(content)
	if err != nil {
		return nil, fmt.Errorf("%s: cib.xml: %w", s.Path(), err)
	}
	live, err := steer.LiveConfiguration(ctx)
	if err != nil {
		return nil, err
	}
	same, err := wanted.Equal(live)
	if err != nil {
		return nil, err
	}
	if same {
		return &jobs.Answer{Msg: "Pacemaker's configuration is that of " + s.Path()}, nil
	}
	unlike := "Pacemaker's configuration is not that of " + s.Path() + ", " + repository.NotSigned
	result := &jobs.Answer{Changed: true, Diff: &jobs.Diff{}, Msg: unlike + "; nothing was changed"}
	difference, err := wanted.Diff(live)
	if err != nil {
		return result, err
	}
	result.Diff.Before, result.Diff.After = difference.Before, difference.After
	if len(difference.Hidden) > 0 {
		result.Warnings = append(result.Warnings, hiddenChanges(difference.Hidden, s.Path()))
	}
	foreign, err := wanted.OfAnother(live)
	if err != nil {
		return nil, err
	}
	if foreign != "" {
		foreign = "it comes from another cluster: it has " + foreign +
			"; set other_cluster: true to replace the configuration anyway"
	}
	if caller.CheckMode {
		result.Msg = strings.TrimSuffix(result.Msg+"; "+foreign, "; ")
		return result, nil
	}
	if foreign != "" && !o.OtherCluster {
		return nil, fmt.Errorf("%s: %s", s.Path(), foreign)
	}
	if name := s.Manifest.Cluster.Name; !plan.Confirmed(o.Confirm, name) {
		return nil, fmt.Errorf("confirm is %q: Pacemaker's whole configuration would be replaced; "+
			"confirm that by the name of the cluster, %s", o.Confirm, name)
	}
	result.Msg = "Pacemaker's configuration was replaced by that of " + s.Path() + ", " + repository.NotSigned
	return result, steer.Push(ctx, wanted)
}
