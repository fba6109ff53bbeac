package main

import (
	"context"
	"errors"
	"flag"
	"strings"

	"gatehouse/internal/catalogue"
)

// runFramework is `gatehouse framework export [--format json|yaml] [--edition 1.0.0]`.
func runFramework(_ context.Context, args []string, stdio stdio) error {
	if len(args) == 0 || args[0] != "export" {
		return usagef("framework: the one thing it does is: framework export [--format json|yaml] [--edition VERSION]")
	}
	flags := flag.NewFlagSet("gatehouse framework export", flag.ContinueOnError)
	flags.SetOutput(stdio.err)
	format := flags.String("format", "json", "json or yaml")
	version := flags.String("edition", "", "version of the edition (default the newest)")
	switch err := flags.Parse(args[1:]); {
	case errors.Is(err, flag.ErrHelp):
		return nil
	case err != nil:
		return exitError{code: exitUsage}
	}
	if flags.NArg() > 0 {
		return usagef("framework export: unexpected %q", flags.Arg(0))
	}
	if *format != "json" && *format != "yaml" {
		return usagef("framework export: format %q is neither json nor yaml", *format)
	}
	lib, err := catalogue.Load()
	if err != nil {
		return err
	}
	ed := lib.Current()
	if *version != "" {
		found, ok := lib.Lookup(*version)
		if !ok {
			return usagef("framework export: no edition %q; there are %s", *version, strings.Join(lib.Versions(), ", "))
		}
		ed = found
	}
	return ed.Export(stdio.out, *format)
}
