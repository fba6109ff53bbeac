package jobs

import (
	"gatehouse/internal/catalogue"
	"gatehouse/internal/hiring"
	"gatehouse/internal/platform/page"
	"gatehouse/web/path"
	"gatehouse/web/ui"
)

// listView is the list of jobs.
type listView struct {
	Query path.JobQuery
	Jobs  page.Slice[hiring.Job]
	ed    *catalogue.Edition
}

func (v listView) narrowed() bool { return v.Query.Text+v.Query.Status+v.Query.Level != "" }

// chips are the filters by state and level.
func (v listView) chips() []ui.Chip {
	var chips []ui.Chip
	add := func(label, value, current string, with func(q *path.JobQuery, value string)) {
		q := v.Query
		q.After, q.Before = "", ""
		chip := ui.Chip{Label: label}
		if value == current {
			chip.State, value = ui.ChipOn, ""
		}
		with(&q, value)
		chip.Href = q.URL()
		chips = append(chips, chip)
	}
	status := func(q *path.JobQuery, value string) { q.Status = value }
	add("Open", string(hiring.JobOpen), v.Query.Status, status)
	add("Closed", string(hiring.JobClosed), v.Query.Status, status)
	for _, l := range v.ed.Levels {
		add(l.Title, l.ID, v.Query.Level, func(q *path.JobQuery, value string) { q.Level = value })
	}
	return chips
}

func (v listView) pages() ui.Pages {
	var p ui.Pages
	q := v.Query
	if q.After, q.Before = "", v.Jobs.Previous; q.Before != "" {
		p.Prev = q.URL()
	}
	if q.After, q.Before = v.Jobs.Next, ""; q.After != "" {
		p.Next = q.URL()
	}
	return p
}

// levelTitle is the title of a level, or its id.
func levelTitle(ed *catalogue.Edition, levelID string) string {
	if l, ok := ed.Level(levelID); ok {
		return l.Title
	}
	return levelID
}

// showView is a job's page.
type showView struct {
	Job    hiring.Job
	Stages []hiring.Applicants
	ed     *catalogue.Edition
}

// atStage are the required checks of the level by the stage in which they are made.
type atStage struct {
	Stage  *catalogue.Stage
	Checks []*catalogue.Check
}

func (v showView) required() []atStage {
	var groups []atStage
	for _, stage := range v.ed.Stages {
		group := atStage{Stage: stage}
		for _, check := range v.ed.Required(v.Job.LevelID) {
			if check.Stage == stage.ID {
				group.Checks = append(group.Checks, check)
			}
		}
		if len(group.Checks) > 0 {
			groups = append(groups, group)
		}
	}
	return groups
}

// all is the candidate list narrowed to a stage of the job.
func (v showView) all(stageID string) string {
	return path.CandidateQuery{Job: string(v.Job.ID), Stages: []string{stageID}}.URL()
}
