// Podsecurity asks Kubernetes' own evaluator which level of Pod Security each pod keeps to.
//
// It reads objects with `name`, `metadata` and `spec` of a pod from standard input, and answers each
// by a line with `name`, the `level` that it keeps to, and the `violations` of the restricted level.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

type asked struct {
	Name     string          `json:"name"`
	Metadata meta.ObjectMeta `json:"metadata"`
	Spec     core.PodSpec    `json:"spec"`
}

type answer struct {
	Name       string    `json:"name"`
	Level      api.Level `json:"level"`
	Violations []string  `json:"violations"`
}

func main() {
	if err := judge(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "podsecurity:", err)
		os.Exit(1)
	}
}

func judge(in io.Reader, out io.Writer) error {
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		return err
	}
	decoder, encoder := json.NewDecoder(in), json.NewEncoder(out)
	decoder.DisallowUnknownFields()
	for {
		var one asked
		if err := decoder.Decode(&one); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if err := encoder.Encode(answerTo(evaluator, one)); err != nil {
			return err
		}
	}
}

func answerTo(evaluator policy.Evaluator, one asked) answer {
	found := answer{Name: one.Name, Level: api.LevelPrivileged, Violations: []string{}}
	for _, level := range []api.Level{api.LevelBaseline, api.LevelRestricted} {
		wanted := api.LevelVersion{Level: level, Version: api.LatestVersion()}
		result := policy.AggregateCheckResults(evaluator.EvaluatePod(wanted, &one.Metadata, &one.Spec))
		if result.Allowed {
			found.Level = level
		} else if level == api.LevelRestricted {
			found.Violations = result.ForbiddenReasons
		}
	}
	return found
}
