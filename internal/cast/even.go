package cast

import "math"

// Uneven compares how often each value of a list comes with each kind of outcome with how often all do: Pearson's
// chi-square, and the most that chance gives it in all but one of some ten thousand trials.
func Uneven[K comparable](byValue map[string]map[K]int, all map[K]int) (chi, most float64) {
	total := 0
	for _, n := range all {
		total += n
	}
	for _, outcomes := range byValue {
		of := 0
		for _, n := range outcomes {
			of += n
		}
		for outcome, n := range all {
			expected := float64(of) * float64(n) / float64(total)
			if expected > 0 {
				chi += math.Pow(float64(outcomes[outcome])-expected, 2) / expected
			}
		}
	}
	freedom := float64((len(byValue) - 1) * (len(all) - 1))
	// Of many degrees of freedom, chi-square is close to normal with twice as many as variance.
	return chi, freedom + 3.7*math.Sqrt(2*freedom) + 5
}
