// SPDX-License-Identifier: GPL-3.0-or-later

package reading

import (
	"encoding/json"
	"errors"
	"math"
	"os"
	"strings"
	"testing"
	"time"
)

func TestClockFollowsTheCaller(t *testing.T) {
	caller := float64(time.Now().Unix()) - 3600 // this host is an hour ahead
	c := StartClock(caller)
	if got := c.Now(); got < caller || got > caller+5 {
		t.Errorf("now is %f, the caller said %f", got, caller)
	}
	var h Header
	c.Close(&h)
	if math.Abs(h.ClockSkew-3600) > 5 {
		t.Errorf("skew is %f, want 3600", h.ClockSkew)
	}
	if h.GatheredAt < caller || h.GatheredAt > caller+5 {
		t.Errorf("gathered at %f, want the caller's time", h.GatheredAt)
	}
}

func TestClockWithoutCaller(t *testing.T) {
	var h Header
	c := StartClock(0)
	c.Close(&h)
	if now := float64(time.Now().UnixMilli()) / 1000; math.Abs(h.GatheredAt-now) > 5 || h.ClockSkew != 0 {
		t.Errorf("gathered at %f with skew %f, the host's time is %f", h.GatheredAt, h.ClockSkew, now)
	}
}

func TestCloseRecordsTheHostOfTheReading(t *testing.T) {
	name, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	var h Header
	StartClock(0).Close(&h)
	if h.Host.Name != name || len(h.Host.BootID) != 36 {
		t.Errorf("host is %+v", h.Host)
	}
	for _, a := range h.Host.Addresses {
		if strings.HasPrefix(a, "127.") || a == "::1" || strings.Contains(a, "/") {
			t.Errorf("address %q is no global unicast address without a prefix", a)
		}
	}
}

func TestErrorsAreAListInJSON(t *testing.T) {
	var h Header
	StartClock(0).Close(&h)
	b, err := json.Marshal(h)
	if err != nil || !strings.Contains(string(b), `"errors":[]`) {
		t.Errorf("%s, %v", b, err)
	}
	h.Add("sql", "/run/socket", errors.New("refused"), "start it")
	if got := h.Failed("sql"); got == nil || got.Message != "refused" || got.Where != "/run/socket" ||
		got.Hint != "start it" {
		t.Errorf("got %+v", got)
	}
	if h.Failed("crm_mon") != nil {
		t.Error("a source that did not fail is reported")
	}
}
