package web

import (
	"testing"
	"time"
)

func TestFramesForgetWhatWasCountedBeforeAWrite(t *testing.T) {
	var f frames
	if _, found, due := f.find("u"); found || !due {
		t.Error("something is known of nobody")
	}
	began := time.Now()
	f.put("u", rememberedNav{at: began})
	if _, found, due := f.find("u"); !found || due {
		t.Error("what was just counted is not used")
	}
	f.put("u", rememberedNav{at: began.Add(-2 * fresh)})
	if _, found, due := f.find("u"); !found || !due {
		t.Error("what is a little old is not shown while it is counted anew")
	}
	f.put("u", rememberedNav{at: began.Add(-2 * usable)})
	if _, found, _ := f.find("u"); found {
		t.Error("what is old is shown")
	}
	f.put("u", rememberedNav{at: began})
	f.forget("u")
	if _, found, due := f.find("u"); found || !due {
		t.Error("a write leaves the counts of before")
	}
	f.put("u", rememberedNav{at: began}) // a count that was under way
	if _, found, _ := f.find("u"); found {
		t.Error("a count from before the write is kept")
	}
	f.put("u", rememberedNav{at: time.Now()})
	if _, found, _ := f.find("u"); !found {
		t.Error("a count from after the write is not kept")
	}
}
