// Package journeys tells the stories of the people who use Gatehouse, from sign-in to the last line of a report: in a
// real browser against the real server, through the pages that they would use themselves, and once more without a
// script. It holds tests only.
//
// With GATEHOUSE_SCREENSHOTS set to a folder, pictures of the pages are kept there.
package journeys
