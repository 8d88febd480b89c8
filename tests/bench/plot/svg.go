// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"encoding/xml"
	"fmt"
	"math"
	"strings"
)

// setting is what the caption says about the run.
type setting struct {
	Machine string
	DataMiB int
	Clients int
	Rate    float64
	Rounds  int
}

// The picture has its own background, so that it is readable on a page of either theme.
const style = `  <style>
    .page { fill: #ffffff }
    .text { fill: #1f2328 }
    .soft { fill: #59636e }
    .frame { fill: none; stroke: #afb8c1 }
    .grid { stroke: #d1d9e0 }
    .backup { fill: #fff1c2 }
    .line { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round }
    .each { fill: none; stroke-width: 1; stroke-opacity: 0.35; stroke-linejoin: round; stroke-linecap: round }
    .p50 { stroke: #59636e; stroke-dasharray: 4 4 }
    .key { stroke: #1f2328 }
    .none { stroke: #0969da }
    .idle { stroke: #1a7f37 }
    .active { stroke: #bc4c00 }
    @media (prefers-color-scheme: dark) {
      .page { fill: #0d1117 }
      .text { fill: #f0f6fc }
      .soft { fill: #9198a1 }
      .frame { stroke: #656c76 }
      .grid { stroke: #2f353d }
      .backup { fill: #3a2d05 }
      .p50 { stroke: #9198a1 }
      .key { stroke: #f0f6fc }
      .none { stroke: #58a6ff }
      .idle { stroke: #3fb950 }
      .active { stroke: #f0883e }
    }
  </style>
`

// The sizes of the picture, in pixels.
const (
	width, height = 860, 432
	left, top     = 62, 84
	margin        = 24
	panelWidth    = 252
	panelHeight   = 230
	gap           = 14
)

// canvas has the scales, which all panels share, so that heights can be compared.
type canvas struct {
	strings.Builder
	from, to  float64 // seconds
	low, high float64 // powers of ten, of ms
}

// draw returns the picture: a panel for each situation, with one scale.
func draw(curves []curve, s setting) string {
	c := &canvas{from: math.Inf(1), to: math.Inf(-1), low: math.Inf(1), high: math.Inf(-1)}
	for _, curve := range curves {
		c.fit(curve)
	}
	c.low, c.high = math.Floor(c.low), math.Max(math.Ceil(c.high), math.Floor(c.low)+1)
	c.head(curves, s)
	for i, curve := range curves {
		c.panel(left+i*(panelWidth+gap), curve, i == 0)
	}
	c.text(width/2, top+panelHeight+42, `text" text-anchor="middle`, "seconds since the backup began")
	c.legend(top + panelHeight + 66)
	c.text(margin, height-30, `soft" font-size="12`, s.load())
	c.text(margin, height-12, `soft" font-size="12`, s.where())
	c.WriteString("</svg>\n")
	return c.String()
}

// fit widens the scales so that everything of a curve is within them.
func (c *canvas) fit(of curve) {
	for _, points := range append([][]point{of.P50, of.P99}, of.Each...) {
		for _, p := range points {
			c.from, c.to = min(c.from, p.X-0.5), max(c.to, p.X+0.5)
			if y := math.Log10(p.Y); !math.IsInf(y, 0) {
				c.low, c.high = min(c.low, y), max(c.high, y)
			}
		}
	}
}

func (c *canvas) head(curves []curve, s setting) {
	var found []string
	for _, curve := range curves {
		found = append(found, fmt.Sprintf("%s: p99 %s, %d errors", curve.Situation.title(), ms(curve.p99()),
			curve.errors()))
	}
	fmt.Fprintf(c, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img"
    aria-labelledby="title desc" font-family="system-ui, -apple-system, 'Segoe UI', 'Noto Sans', Arial, sans-serif"
    font-size="13">
  <!-- SPDX-License-Identifier: GPL-3.0-or-later -->
  <!-- written by tests/bench/run latency -->
  <title id="title">Latency of the clients&apos; transactions while a backup runs</title>
  <desc id="desc">%s. %s</desc>
%s  <rect class="page" width="%d" height="%d" rx="8"/>
`, width, height, width, height, escape(strings.Join(found, "; ")), escape(s.load()+" "+s.where()), style, width,
		height)
	c.text(margin, 26, `text" font-weight="600" font-size="15`, "Latency of the clients' transactions")
	fmt.Fprintf(c, `  <text class="text" text-anchor="middle" transform="translate(16 %d) rotate(-90)">`+
		"milliseconds, logarithmic</text>\n", top+panelHeight/2)
}

func (c *canvas) panel(x int, of curve, labels bool) {
	bottom := top + panelHeight
	c.text(x, top-28, `text" font-weight="600`, of.Situation.title())
	c.text(x, top-9, "soft", fmt.Sprintf("p99 %s, %d errors", ms(of.p99()), of.errors()))
	if of.Situation != none {
		begin, end := c.x(x, 0), c.x(x, of.seconds())
		fmt.Fprintf(c, `  <rect class="backup" x="%.1f" y="%d" width="%.1f" height="%d"/>`+"\n", begin, top, end-begin,
			panelHeight)
	}
	for power := c.low; power <= c.high; power++ {
		y := c.y(math.Pow(10, power))
		fmt.Fprintf(c, `  <line class="grid" x1="%d" y1="%.1f" x2="%d" y2="%.1f"/>`+"\n", x, y, x+panelWidth, y)
		if labels {
			c.text(x-8, int(y)+4, `soft" text-anchor="end`, fmt.Sprintf("%g", math.Pow(10, power)))
		}
	}
	for step, s := c.step(), 0.0; s <= c.to; s += step {
		c.text(int(c.x(x, s)), bottom+18, `soft" text-anchor="middle`, fmt.Sprintf("%g", s))
		fmt.Fprintf(c, `  <line class="frame" x1="%.1f" y1="%d" x2="%.1f" y2="%d"/>`+"\n", c.x(x, s), bottom, c.x(x, s),
			bottom+4)
	}
	for _, points := range of.Each {
		c.line("each "+string(of.Situation), x, points)
	}
	c.line("line p50", x, of.P50)
	c.line("line "+string(of.Situation), x, of.P99)
	fmt.Fprintf(c, `  <rect class="frame" x="%d" y="%d" width="%d" height="%d"/>`+"\n", x, top, panelWidth, panelHeight)
}

// step is the distance of the labels below a panel.
func (c *canvas) step() float64 {
	for _, step := range []float64{5, 10, 20, 30, 60, 120, 300} {
		if (c.to-c.from)/step <= 6 {
			return step
		}
	}
	return 600
}

// line draws points, with a gap where no transaction was finished. A point between two gaps is a dot.
func (c *canvas) line(class string, x int, points []point) {
	var path strings.Builder
	pen := "M"
	for i, p := range points {
		if math.IsInf(p.Y, 0) || p.Y <= 0 {
			pen = "M"
			continue
		}
		if i > 0 && p.X-points[i-1].X > 1 {
			pen = "M"
		}
		fmt.Fprintf(&path, "%s%.1f %.1f", pen, c.x(x, p.X), c.y(p.Y))
		if pen == "M" {
			path.WriteString("h0")
		}
		pen = "L"
	}
	fmt.Fprintf(c, `  <path class="%s" d="%s"/>`+"\n", class, path.String())
}

func (c *canvas) legend(y int) {
	x := left
	for _, entry := range []struct{ class, text string }{
		{"line key", "99th percentile of each second, median of the rounds"},
		{"each key", "each round"},
		{"line p50", "50th percentile"},
	} {
		fmt.Fprintf(c, `  <path class="%s" d="M%d %dh24"/>`+"\n", entry.class, x, y-4)
		c.text(x+30, y, "soft", entry.text)
		x += 60 + 13*len(entry.text)/2
	}
	fmt.Fprintf(c, `  <rect class="backup" x="%d" y="%d" width="24" height="12"/>`+"\n", x, y-10)
	c.text(x+30, y, "soft", "the backup")
}

func (c *canvas) text(x, y int, class, text string) {
	fmt.Fprintf(c, `  <text x="%d" y="%d" class="%s">%s</text>`+"\n", x, y, class, escape(text))
}

func (c *canvas) x(panel int, seconds float64) float64 {
	return float64(panel) + (seconds-c.from)/(c.to-c.from)*panelWidth
}

func (c *canvas) y(ms float64) float64 {
	return top + panelHeight - (math.Log10(ms)-c.low)/(c.high-c.low)*panelHeight
}

// load says what was measured.
func (s setting) load() string {
	return fmt.Sprintf("%d clients, together %g transactions a second; %d MiB of data; %d rounds.", s.Clients, s.Rate,
		s.DataMiB, s.Rounds)
}

// where says on what: an idle controller is not idle of what it shares with the others.
func (s setting) where() string {
	return "The controllers, the clients and Ansible share one machine: " + s.Machine + "."
}

// ms formats a latency for a label.
func ms(value float64) string {
	if value < 10 {
		return fmt.Sprintf("%.1f ms", value)
	}
	return fmt.Sprintf("%.0f ms", value)
}

func escape(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a strings.Builder takes everything
	return b.String()
}
