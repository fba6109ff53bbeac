package incident

import (
	"math/rand/v2"
)

// Code names are two calm words. They say nothing of the person, the place or the matter, so that a code name may be
// spoken in a corridor and stand in a tab's title.
var (
	calmAdjectives = []string{
		"Amber", "Autumn", "Azure", "Birch", "Blue", "Bright", "Broad", "Calm", "Cedar", "Clear", "Cobalt", "Copper",
		"Coral", "Distant", "Early", "Even", "Evening", "Fern", "Gentle", "Golden", "Granite", "Green", "Hazel", "High",
		"Indigo", "Ivory", "Jade", "Juniper", "Lavender", "Level", "Lilac", "Linen", "Long", "Maple", "Marble", "Mellow",
		"Misty", "Morning", "Mossy", "Oak", "Ochre", "Olive", "Open", "Opal", "Patient", "Pine",
		"Plain", "Quiet", "Rowan", "Russet", "Sage", "Sandy", "Silver", "Slate", "Soft", "Spring", "Steady",
		"Still", "Summer", "Teal", "Tidal", "Upland", "Velvet", "Warm", "Willow", "Winter",
	}
	calmNouns = []string{
		"Anchor", "Arbour", "Atlas", "Basin", "Bay", "Beacon", "Bridge", "Brook", "Canopy", "Canyon", "Channel", "Cloud",
		"Compass", "Cove", "Creek", "Delta", "Dune", "Estuary", "Fen", "Field", "Fjord", "Ford", "Forest", "Garden",
		"Glade", "Grove", "Gulf", "Harbour", "Heath", "Hill", "Horizon", "Island", "Jetty", "Kettle", "Lagoon", "Lake",
		"Lantern", "Ledge", "Lighthouse", "Lock", "Meadow", "Mill", "Moor", "Orchard", "Path", "Pebble", "Pier", "Plateau",
		"Pond", "Quarry", "Quay", "Reed", "Reef", "Ridge", "River", "Sail", "Shore", "Sky", "Spring", "Stone", "Stream",
		"Terrace", "Tide", "Trail", "Valley", "Wharf", "Windmill", "Wood",
	}
)

// codeNames draws n code names. Two words give some 4,400; with many cases in the table three words are tried too, so
// that a free one is always among them.
func codeNames(n int) []string {
	names := make([]string, 0, 2*n)
	for range n {
		names = append(names, pick(calmAdjectives)+" "+pick(calmNouns))
	}
	for range n {
		names = append(names, pick(calmAdjectives)+" "+pick(calmAdjectives)+" "+pick(calmNouns))
	}
	return names
}

func pick(words []string) string { return words[rand.IntN(len(words))] }
