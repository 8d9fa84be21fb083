{{/* SPDX-License-Identifier: Apache-2.0 */}}
{{- define "avatar.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name }}{{ else }}{{ .Release.Name }}-{{ .Chart.Name }}{{ end }}
{{- end }}

{{- define "avatar.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "avatar.labels" -}}
{{ include "avatar.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "avatar.secret" -}}
{{ .Values.token.existingSecret | default (include "avatar.name" .) }}
{{- end }}

{{/* What Prometheus calls our pods: the job is the name of the Service that the ServiceMonitor selects. */}}
{{- define "avatar.job" -}}
job="{{ include "avatar.name" . }}-workers", namespace="{{ .Release.Namespace }}"
{{- end }}
