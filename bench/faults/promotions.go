package main

import "context"

func promoting(ctx context.Context, binary, data string, times int) (o outcome, err error) { return outcome{what: "promotion"}, nil }
