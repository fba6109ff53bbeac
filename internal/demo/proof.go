package demo

import (
	"bytes"
	"context"
	"fmt"
	"hash/fnv"
	"image"
	"image/color"
	"image/png"

	"gatehouse/internal/evidence"
	"gatehouse/internal/platform/authz"
)

// bring adds what a finding rests on: a screenshot, a page, a link or a note, whichever the item's name comes to.
func (t *teller) bring(ctx context.Context, w *walk, by authz.Actor, f found, on evidence.Subject) error {
	add := evidence.Add{PersonID: string(w.person), Title: "What was seen: " + t.titleOf(f.item), Source: "Collected for the finding",
		Subjects: []evidence.Subject{on}}
	var err error
	switch n := pick(f.item + string(f.state)); n % 4 {
	case 0:
		add.Kind = "screenshot"
		_, err = t.f.Evidence.AddFile(ctx, by, add, "screen.png", bytes.NewReader(picture(n)))
	case 1:
		add.Kind = "document"
		_, err = t.f.Evidence.AddFile(ctx, by, add, "statement.pdf", bytes.NewReader(document(add.Title)))
	case 2:
		add.Kind = "link"
		_, err = t.f.Evidence.AddLink(ctx, by, add, "https://archive.example.com/"+f.item)
	default:
		add.Kind = "note"
		_, err = t.f.Evidence.AddText(ctx, by, add, "Kept as found.\n\n"+t.noteOf(f)+f.reason)
	}
	return err
}

func (t *teller) titleOf(item string) string {
	if i, ok := t.app.Features.Catalogue.Current().Item(item); ok {
		return i.Title
	}
	return item
}

// pick turns a text into a number, the same each time.
func pick(text string) uint32 {
	h := fnv.New32a()
	h.Write([]byte(text))
	return h.Sum32()
}

// picture is a small image of nothing: a pattern that differs from finding to finding.
func picture(n uint32) []byte {
	img := image.NewPaletted(image.Rect(0, 0, 96, 60), color.Palette{color.Gray{235}, color.Gray{120}, color.Gray{60}})
	for y := range 60 {
		for x := range 96 {
			if (x/8+y/6)%3 == int(n%3) {
				img.SetColorIndex(x, y, uint8(1+(x/24+int(n>>4))%2))
			}
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		panic(err) // an image in memory always encodes
	}
	return b.Bytes()
}

// document is a one-page PDF with a line of text.
func document(line string) []byte {
	var b bytes.Buffer
	var at []int
	object := func(body string) {
		at = append(at, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", len(at), body)
	}
	b.WriteString("%PDF-1.4\n")
	object("<< /Type /Catalog /Pages 2 0 R >>")
	object("<< /Type /Pages /Kids [3 0 R] /Count 1 >>")
	object("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 420 595] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>")
	text := fmt.Sprintf("BT /F1 11 Tf 40 540 Td (%s) Tj ET", escaped(line))
	object(fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", len(text), text))
	object("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(at)+1)
	for _, offset := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", offset)
	}
	fmt.Fprintf(&b, "trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(at)+1, start)
	return b.Bytes()
}

// escaped keeps to what a PDF string takes as it is.
func escaped(line string) string {
	var b []byte
	for _, r := range line {
		switch {
		case r == '(' || r == ')' || r == '\\':
			b = append(b, '\\', byte(r))
		case r >= ' ' && r < 127:
			b = append(b, byte(r))
		}
	}
	return string(b)
}
