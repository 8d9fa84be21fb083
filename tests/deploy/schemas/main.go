// SPDX-License-Identifier: Apache-2.0

// Schemas checks files against the types of those who read them. A field that the type does not know is an error.
//
//	schemas kubernetes FILE...   documents of Kubernetes, KEDA and the Prometheus Operator, as helm template writes them
//	schemas cloudrun FILE...     services of Cloud Run (Admin API v1, what `gcloud run services replace` sends)
//	schemas compose FILE...      one project of these files, by Compose's own loader; variables come from the environment
//	schemas promql METRICS FILE...   expressions in dashboards (JSON), rules and ScaledObjects (YAML): each must parse, and
//	                             name only metrics that are lines of the file METRICS
package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"regexp"
	"strings"

	"github.com/compose-spec/compose-go/v2/cli"
	keda "github.com/kedacore/keda/v2/apis/keda/v1alpha1"
	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	run "google.golang.org/api/run/v1"
	apps "k8s.io/api/apps/v1"
	autoscaling "k8s.io/api/autoscaling/v2"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/util/yaml"
	strict "sigs.k8s.io/yaml"
)

var kinds = map[string]any{
	"apps/v1 Deployment":                      apps.Deployment{},
	"autoscaling/v2 HorizontalPodAutoscaler":  autoscaling.HorizontalPodAutoscaler{},
	"keda.sh/v1alpha1 ScaledObject":           keda.ScaledObject{},
	"monitoring.coreos.com/v1 PrometheusRule": monitoring.PrometheusRule{},
	"monitoring.coreos.com/v1 ServiceMonitor": monitoring.ServiceMonitor{},
	"networking.k8s.io/v1 Ingress":            networking.Ingress{},
	"networking.k8s.io/v1 NetworkPolicy":      networking.NetworkPolicy{},
	"policy/v1 PodDisruptionBudget":           policy.PodDisruptionBudget{},
	"serving.knative.dev/v1 Service":          run.Service{},
	"v1 Secret":                               core.Secret{},
	"v1 Service":                              core.Service{},
}

// documents calls check with each YAML document of the file that is not empty.
func documents(file string, check func(document []byte) error) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	reader := yaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(text)))
	for n := 1; ; n++ {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		var anything any
		if err := strict.UnmarshalStrict(document, &anything); err != nil {
			return fmt.Errorf("document %d: %w", n, err)
		}
		if anything == nil {
			continue
		}
		if err := check(document); err != nil {
			return fmt.Errorf("document %d: %w", n, err)
		}
	}
}

func typed(document []byte) error {
	var head struct{ APIVersion, Kind string }
	if err := strict.Unmarshal(document, &head); err != nil {
		return err
	}
	kind := head.APIVersion + " " + head.Kind
	known, ok := kinds[kind]
	if !ok {
		return fmt.Errorf("%q is no kind that is checked here", kind)
	}
	value := reflect.New(reflect.TypeOf(known)).Interface()
	if err := strict.UnmarshalStrict(document, value); err != nil {
		return fmt.Errorf("%s: %w", kind, err)
	}
	if deployment, ok := value.(*apps.Deployment); ok {
		return volumes(deployment.Spec.Template.Spec)
	}
	return nil
}

// volumes demands what types cannot say: each volume has one source, and what is mounted is a volume.
func volumes(pod core.PodSpec) error {
	names := map[string]bool{}
	for _, volume := range pod.Volumes {
		names[volume.Name] = true
		source := reflect.ValueOf(volume.VolumeSource)
		count := 0
		for i := range source.NumField() {
			if !source.Field(i).IsNil() {
				count++
			}
		}
		if count != 1 {
			return fmt.Errorf("volume %s has %d sources", volume.Name, count)
		}
	}
	for _, container := range pod.Containers {
		for _, mount := range container.VolumeMounts {
			if !names[mount.Name] {
				return fmt.Errorf("%s mounts %s, which is no volume", container.Name, mount.Name)
			}
		}
	}
	return nil
}

func compose(files []string) error {
	options, err := cli.NewProjectOptions(files, cli.WithOsEnv, cli.WithDefaultProfiles())
	if err != nil {
		return err
	}
	project, err := options.LoadProject(context.Background())
	if err != nil {
		return err
	}
	for _, service := range project.Services {
		for _, volume := range service.Volumes {
			// What lies beside the file must be there; what the user brings need not.
			if volume.Type == "bind" && strings.Contains(volume.Source, "/deploy/") && volume.Target != "/persistent-storage/preset-avatars" {
				if _, err := os.Stat(volume.Source); err != nil {
					return fmt.Errorf("%s: %w", service.Name, err)
				}
			}
		}
	}
	return nil
}

// expressions finds what is written in PromQL: "expr" of panels and rules, "query" of KEDA's triggers, and the metric of
// Grafana's label_values.
func expressions(value any, found *[]string) {
	switch v := value.(type) {
	case map[string]any:
		for key, inner := range v {
			text, isText := inner.(string)
			switch {
			case isText && key == "expr":
				*found = append(*found, text)
			case isText && key == "query" && labelValues.MatchString(text):
				*found = append(*found, labelValues.FindStringSubmatch(text)[1])
			case isText && key == "query" && strings.Contains(text, "avatar_"):
				*found = append(*found, text)
			default:
				expressions(inner, found)
			}
		}
	case []any:
		for _, inner := range v {
			expressions(inner, found)
		}
	}
}

var (
	labelValues = regexp.MustCompile(`^label_values\((.*), \w+\)$`)
	ofGrafana   = strings.NewReplacer("$__rate_interval", "1m", "$job", ".+", "$instance", ".+")
	ofHistogram = regexp.MustCompile(`_(bucket|sum|count)$`)
)

func promql(known map[string]bool, text string) error {
	expr, err := parser.NewParser(parser.Options{}).ParseExpr(ofGrafana.Replace(text))
	if err != nil {
		return fmt.Errorf("%s\n  %w", text, err)
	}
	var unknown error
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		if selector, ok := node.(*parser.VectorSelector); ok {
			name := selector.Name
			for _, m := range selector.LabelMatchers {
				if m.Name == labels.MetricName {
					name = m.Value
				}
			}
			if name != "up" && !known[name] && !known[ofHistogram.ReplaceAllString(name, "")] {
				unknown = fmt.Errorf("%s\n  the program has no metric %s", text, name)
			}
		}
		return nil
	})
	return unknown
}

func check(how string, files []string) error {
	switch how {
	case "kubernetes", "cloudrun":
		for _, file := range files {
			if err := documents(file, typed); err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
		}
	case "compose":
		return compose(files)
	case "promql":
		names, err := os.ReadFile(files[0])
		if err != nil {
			return err
		}
		known := map[string]bool{}
		for _, name := range strings.Fields(string(names)) {
			known[name] = true
		}
		count := 0
		for _, file := range files[1:] {
			err := documents(file, func(document []byte) error {
				var all any
				if err := strict.Unmarshal(document, &all); err != nil {
					return err
				}
				var found []string
				expressions(all, &found)
				count += len(found)
				for _, text := range found {
					if err := promql(known, text); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
		}
		if count == 0 {
			return errors.New("no expression was found")
		}
		fmt.Printf("%d expressions, all of metrics that the program has\n", count)
	default:
		return fmt.Errorf("%q is none of kubernetes, cloudrun, compose, promql", how)
	}
	return nil
}

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "schemas kubernetes|cloudrun|compose|promql FILE...")
		os.Exit(2)
	}
	if err := check(os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "schemas:", err)
		os.Exit(1)
	}
}
