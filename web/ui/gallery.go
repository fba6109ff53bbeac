package ui

// Examples for Gallery. People, jobs and numbers are invented, and risk is
// dealt out without regard to names.

type galleryRow struct {
	name, job, stage, band string
	coverage               float64
	days                   int
}

var (
	galleryRows = []galleryRow{
		{"Ada Berg", "Platform engineer", "Screening", "low", 0.12, 1},
		{"Robin Ek", "Platform engineer", "Technical", "elevated", 0.46, 12},
		{"Chidi Okafor", "Smart-contract engineer", "Offer", "low", 0.91, 23},
		{"Marta Nowak", "Support lead", "Technical", "high", 0.72, 8},
		{"Jun Park", "Data analyst", "Applied", "none", 0, 0},
		{"William Hart", "Smart-contract engineer", "Paused", "critical", 0.84, 31},
	}

	galleryTabs = []Tab{
		{Label: "Claims", Href: "#claims", Count: "14", Here: Current},
		{Label: "Interviews", Href: "#interviews", Count: "3"},
		{Label: "Evidence", Href: "#evidence", Count: "22"},
		{Label: "Links", Href: "#links"},
		{Label: "History", Href: "#history"},
	}

	galleryChips = []Chip{
		{Label: "Mine", Href: "#mine", State: ChipOn},
		{Label: "Flags open", Href: "#open", Count: "11"},
		{Label: "Blocked", Href: "#blocked", Count: "4"},
	}

	galleryStats = []StatProps{
		{Label: "Flags waiting", Value: "11", Href: "#flags", Definition: "Open flags without an answer, on people who are still in hiring or at work.", Trend: []float64{18, 16, 17, 14, 12, 13, 11}, Change: "−2 since last week"},
		{Label: "Median coverage", Value: Percent(0.64), Href: "#coverage", Definition: "How much of what a job asks for is known, over all active candidates.", Trend: []float64{48, 52, 51, 58, 60, 64}, Change: "+4 points"},
		{Label: "Overdue verifications", Value: "3", Href: "#overdue", Definition: "Required checks whose date has passed."},
		{Label: "Open cases", Value: "1", Href: "#cases"},
	}

	galleryBands = []BandRow{
		{Label: "Platform engineer", Counts: map[string]int{"low": 9, "elevated": 4, "high": 1, "none": 3}},
		{Label: "Smart-contract engineer", Counts: map[string]int{"low": 12, "elevated": 3, "high": 3, "critical": 1}},
		{Label: "Support lead", Counts: map[string]int{}},
	}
)
