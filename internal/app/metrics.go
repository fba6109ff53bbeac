package app

import (
	"context"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics are the numbers of one process for a Prometheus server. Their labels name routes and kinds of work, never a person,
// a case or an address that somebody typed.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.HistogramVec
	work     *prometheus.HistogramVec
	failures *prometheus.CounterVec
}

func newMetrics(a *App) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "gatehouse_http_request_duration_seconds",
			Help: "Time from the first byte of a request to the end of its answer, by method, route pattern and status.", Buckets: prometheus.ExponentialBuckets(0.001, 2, 14)},
			[]string{"method", "route", "status"}),
		work: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "gatehouse_background_duration_seconds",
			Help: "Time that one round of background work took, by kind.", Buckets: prometheus.ExponentialBuckets(0.001, 4, 9)}, []string{"work"}),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "gatehouse_background_failures_total",
			Help: "Rounds of background work that failed, by kind."}, []string{"work"}),
	}
	for _, c := range a.background { // a counter that appears with its first failure has no rise that an alarm could see
		m.work.WithLabelValues(c.name)
		m.failures.WithLabelValues(c.name)
	}
	m.registry.MustRegister(m.requests, m.work, m.failures, &standing{a: a},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// request counts an answered request.
func (m *metrics) request(method, route string, status int, took time.Duration) {
	m.requests.WithLabelValues(method, route, strconv.Itoa(status)).Observe(took.Seconds())
}

// round counts a round of background work. On no metrics it does nothing.
func (m *metrics) round(work string, took time.Duration, err error) {
	if m == nil {
		return
	}
	m.work.WithLabelValues(work).Observe(took.Seconds())
	if err != nil {
		m.failures.WithLabelValues(work).Inc()
	}
}

// serve answers Prometheus on l until ctx ends.
func (m *metrics) serve(ctx context.Context, l net.Listener) {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}))
	server := &http.Server{Handler: mux, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10}
	go func() {
		<-ctx.Done()
		_ = server.Close()
	}()
	_ = server.Serve(l) // ends with an error whenever it ends
}

// standing tells how things stand at the moment they are asked for.
type standing struct{ a *App }

var (
	poolConns = prometheus.NewDesc("gatehouse_database_connections", "Connections to the database, by state.", []string{"state"}, nil)
	poolMax   = prometheus.NewDesc("gatehouse_database_connections_max", "The most connections to the database that may be open.", nil, nil)
	poolWaits = prometheus.NewDesc("gatehouse_database_waits_total", "How often a connection had to be waited for.", nil, nil)
	logSealed = prometheus.NewDesc("gatehouse_audit_entries_sealed", "Entries of the audit log under a signed checkpoint.", nil, nil)
	logBehind = prometheus.NewDesc("gatehouse_audit_behind", "1 when an entry has waited more than ten minutes to be sealed.", nil, nil)
	readOnly  = prometheus.NewDesc("gatehouse_database_read_only", "1 while no server takes writes and pages read from another one.", nil, nil)
	lagBehind = prometheus.NewDesc("gatehouse_database_standby_lag_seconds", "How far the standby for heavy reading is behind; absent while it does not answer.", nil, nil)
	altered   = prometheus.NewDesc("gatehouse_evidence_altered", "Items of evidence found altered or missing, at most 100.", nil, nil)
)

// Describe implements prometheus.Collector.
func (s *standing) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{poolConns, poolMax, poolWaits, readOnly, lagBehind, logSealed, logBehind, altered} {
		out <- d
	}
}

// Collect implements prometheus.Collector. What cannot be read just now is left out.
func (s *standing) Collect(out chan<- prometheus.Metric) {
	stat := s.a.DB.Pool().Stat()
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	gauge(poolConns, float64(stat.AcquiredConns()), "used")
	gauge(poolConns, float64(stat.IdleConns()), "idle")
	gauge(poolMax, float64(stat.MaxConns()))
	out <- prometheus.MustNewConstMetric(poolWaits, prometheus.CounterValue, float64(stat.EmptyAcquireCount()))
	gauge(readOnly, one(s.a.DB.Away()))
	if named, answers, lag := s.a.DB.Following(); named && answers {
		gauge(lagBehind, lag.Seconds())
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if st, err := s.a.Features.Sealer.State(ctx); err == nil {
		gauge(logSealed, float64(st.Entries))
		gauge(logBehind, one(st.Behind))
	}
	if items, err := s.a.Features.Evidence.AlteredItems(ctx, 100); err == nil {
		gauge(altered, float64(len(items)))
	}
}

// one is 1 for true.
func one(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
