// SPDX-License-Identifier: GPL-3.0-or-later

package part

import (
	"fmt"
	"strings"
	"testing"

	"overcloud.backup/internal/sqldump"
)

func TestASurveyKeepsNoEndlessNumber(t *testing.T) {
	before := maxMade
	maxMade = 3
	defer func() { maxMade = before }()
	const begin = "CREATE DATABASE `live`;\nUSE `live`;\n"
	for what, text := range map[string]string{
		"tables": "CREATE TABLE `t%d` (`a` INT);\n", "settings": "COMMIT;COMMIT;COMMIT;COMMIT; -- %d\n",
		"triggers": "CREATE DEFINER=`a`@`b` TRIGGER `t%d` BEFORE INSERT ON `t` FOR EACH ROW SET NEW.a = 1;\n",
	} {
		for n, fits := range map[int]bool{2: true, 4: false} {
			v := NewSurvey([]Part{{Schema: "live", As: "live"}})
			r := sqldump.NewReader("10.11.6", v.Take)
			_, err := r.Write([]byte(begin))
			must(t, err)
			for i := range n {
				if err == nil {
					_, err = fmt.Fprintf(r, text, i)
				}
			}
			if err == nil {
				err = r.Close()
			}
			if (err == nil) != fits || err != nil && !strings.Contains(err.Error(), "load it manually") {
				t.Errorf("%d %s: %v", n, what, err)
			}
		}
	}
}
