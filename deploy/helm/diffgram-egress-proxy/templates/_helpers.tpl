{{- define "egress.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 50 | trimSuffix "-" -}}
{{- end }}

{{- /* At most 50 characters: the longest suffix is "-transparent", and a name has 63. */ -}}
{{- define "egress.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else if contains (include "egress.name" .) .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "egress.name" .) | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end }}

{{- /* What selects pods; never changes between versions, since a StatefulSet's selector can't. */ -}}
{{- define "egress.selector" -}}
app.kubernetes.io/name: {{ include "egress.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "egress.labels" -}}
{{ include "egress.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: diffgram
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "egress.image" -}}
{{- $tag := default .Chart.AppVersion .Values.image.tag -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}:{{ $tag }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ $tag }}
{{- end -}}
{{- end }}

{{- define "egress.caSecret" -}}
{{- if eq .Values.ca.source "existingSecret" -}}
{{ .Values.ca.existingSecret }}
{{- else -}}
{{ include "egress.fullname" . }}-ca
{{- end -}}
{{- end }}

{{- define "egress.installationKeySecret" -}}
{{- default (printf "%s-installation" (include "egress.fullname" .)) .Values.installationKey.existingSecret -}}
{{- end }}

{{- define "egress.caCertificateKey" -}}
{{- if eq .Values.ca.source "certManager" -}}tls.crt{{- else if eq .Values.ca.source "generated" -}}ca.crt{{- else -}}{{ .Values.ca.keys.certificate }}{{- end -}}
{{- end }}
{{- define "egress.caPrivateKey" -}}
{{- if eq .Values.ca.source "certManager" -}}tls.key{{- else if eq .Values.ca.source "generated" -}}ca.key{{- else -}}{{ .Values.ca.keys.privateKey }}{{- end -}}
{{- end }}

{{- define "egress.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
# Only where the volume's owner is wrong: walking a big one at each start takes minutes.
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "egress.containerSecurity" -}}
allowPrivilegeEscalation: false
privileged: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities:
  drop: [ALL]
{{- end }}

{{- /* The settings file: what the operator wrote, and over it what the chart owns. */ -}}
{{- define "egress.settings" -}}
{{- $listen := dict "proxy" ":3128" "metrics" ":9464" "console" "off" "transparent" (ternary ":3129" "off" .Values.transparent.enabled) "support" (ternary ":8443" "off" .Values.support.enabled) "first-party" (ternary ":8090" "off" .Values.firstParty.enabled) -}}
{{- $owned := dict "listen" $listen "certs" "/certs" "data" "/data" -}}
{{- if .Values.firstParty.enabled -}}
{{- $_ := set $owned "first_party" (dict "hosts" .Values.firstParty.hosts) -}}
{{- end -}}
{{- if eq .Values.rules.source "configMap" -}}
{{- $_ := set $owned "rules" "/etc/egress-proxy/rules" -}}
{{- end -}}
{{- if .Values.support.enabled -}}
{{- $upstream := default (printf "http://diffgram-default.%s.svc:8080" .Values.diffgram.namespace) .Values.support.upstream -}}
{{- $_ := set $owned "support" (dict "client_ca" (list "/etc/egress-proxy/support/ca.crt") "name" .Values.support.name "upstream" $upstream) -}}
{{- end -}}
{{- if .Values.clientNames.enabled -}}
{{- $_ := set $owned "kubernetes" (dict "namespaces" (list .Values.diffgram.namespace) "credentials" "/etc/egress-proxy/api") -}}
{{- end -}}
{{- toYaml (mustMergeOverwrite (deepCopy .Values.settings) $owned) -}}
{{- end }}

{{- /* Path in the rules folder -> text: the shipped files, then the operator's. */ -}}
{{- define "egress.rules" -}}
{{- $files := dict -}}
{{- range $path, $_ := .Files.Glob "files/rules/**.yaml" -}}
{{- $_ := set $files (trimPrefix "files/rules/" $path) ($.Files.Get $path) -}}
{{- end -}}
{{- if .Values.rules.policy -}}
{{- $_ := set $files "policy.yaml" .Values.rules.policy -}}
{{- end -}}
{{- range $path, $text := .Values.rules.files -}}
{{- $_ := set $files $path $text -}}
{{- end -}}
{{- toJson $files -}}
{{- end }}

{{- /* What can't work, said at once and with the mend. */ -}}
{{- define "egress.check" -}}
{{- $faults := list -}}
{{- if and (eq .Values.ca.source "existingSecret") (not .Values.ca.existingSecret) -}}
{{- $faults = append $faults "ca.source is existingSecret: name the Secret in ca.existingSecret." -}}
{{- end -}}
{{- if and .Values.console.enabled (not .Values.postgresql.existingSecret) -}}
{{- $faults = append $faults "console.enabled needs the records in one place: set postgresql.existingSecret, or switch the console off." -}}
{{- end -}}
{{- if and .Values.console.enabled (not .Values.console.trustedProxies) -}}
{{- $faults = append $faults "console.enabled: list the addresses of the ingress controller's pods in console.trustedProxies; the console serves plain HTTP to nobody else." -}}
{{- end -}}
{{- if and .Values.console.ingress.enabled (not .Values.console.ingress.host) -}}
{{- $faults = append $faults "console.ingress.enabled: name its host in console.ingress.host." -}}
{{- end -}}
{{- if and .Values.firstParty.enabled (not .Values.firstParty.hosts) -}}
{{- $faults = append $faults "firstParty.enabled: name Diffgram's own hosts in firstParty.hosts; no other is answered." -}}
{{- end -}}
{{- if and .Values.support.enabled .Values.networkPolicy.enabled (not .Values.support.cidrs) -}}
{{- $faults = append $faults "support.enabled: name the vendor's support range in support.cidrs, else nobody or everybody gets in." -}}
{{- end -}}
{{- if and .Values.support.enabled (not .Values.support.clientCaSecret) -}}
{{- $faults = append $faults "support.enabled: name the Secret of the CA that lets support in, in support.clientCaSecret; the gateway opens to nobody without one." -}}
{{- end -}}
{{- if and .Values.clientNames.enabled .Values.networkPolicy.enabled (not .Values.clientNames.apiServer.cidrs) -}}
{{- $faults = append $faults "clientNames.enabled: list the API server's addresses in clientNames.apiServer.cidrs (kubectl get endpoints kubernetes), else the NetworkPolicy keeps the proxy from it." -}}
{{- end -}}
{{- if and .Values.sendPods.enabled (not .Values.sendPods.domain) -}}
{{- $faults = append $faults "sendPods.enabled: name Diffgram's public domain in sendPods.domain; calls between its services would enter the proxy." -}}
{{- end -}}
{{- if and .Values.diffgram.allowHosts (eq .Values.networkPolicy.flavour "kubernetes") -}}
{{- $faults = append $faults "diffgram.allowHosts: a NetworkPolicy can't name hosts; set networkPolicy.flavour to cilium or istio, or list addresses in diffgram.allow." -}}
{{- end -}}
{{- if and .Values.bundle.pem .Values.bundle.trustManager -}}
{{- $faults = append $faults "bundle.pem and bundle.trustManager: choose one." -}}
{{- end -}}
{{- if ge (int .Values.preStopSeconds) (int .Values.terminationGracePeriodSeconds) -}}
{{- $faults = append $faults "terminationGracePeriodSeconds must be longer than preStopSeconds, or the proxy never drains." -}}
{{- end -}}
{{- if and .Values.dns.enabled (not .Values.dns.clusterIP) -}}
{{- $faults = append $faults "dns.enabled: give it a free address of the cluster's Service range in dns.clusterIP; pods need one in dnsConfig." -}}
{{- end -}}
{{- if and .Values.dns.enabled .Values.transparent.enabled (not .Values.transparent.clusterIP) -}}
{{- $faults = append $faults "dns and transparent are enabled: give transparent.clusterIP, which the vendor's names are answered with." -}}
{{- end -}}
{{- if $faults -}}
{{- fail (printf "\n%s\n" (join "\n" $faults)) -}}
{{- end -}}
{{- end }}

{{- /* Every pod, also a hook Job's, which carries no label. In a shared namespace the proxy's own pods have policies of their own. */ -}}
{{- define "egress.diffgramPods" -}}
{{- $shared := eq .Values.diffgram.namespace .Release.Namespace -}}
{{- if or $shared .Values.networkPolicy.defaultDeny -}}
podSelector:
  matchExpressions:
    {{- if $shared }}
    - { key: app.kubernetes.io/name, operator: NotIn, values: [{{ include "egress.name" . }}] }
    {{- end }}
    {{- if .Values.networkPolicy.defaultDeny }}
    {{- /* What is let in and out is a union: a pod can only be cut off by being named by nothing but the default deny. */}}
    - { key: egress-proxy/quarantine, operator: NotIn, values: ["true"] }
    {{- end }}
{{- else -}}
podSelector: {}
{{- end -}}
{{- end }}

{{- define "egress.clusterDnsRule" -}}
- to:
    - namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: {{ .Values.networkPolicy.dns.namespace }}
      podSelector:
        matchLabels: {{- toYaml .Values.networkPolicy.dns.podLabels | nindent 10 }}
    {{- range .Values.networkPolicy.dns.cidrs }}
    - ipBlock: { cidr: {{ . }} }
    {{- end }}
  ports:
    - { protocol: UDP, port: 53 }
    - { protocol: TCP, port: 53 }
{{- end }}
{{- define "egress.databaseRule" -}}
{{- $database := .Values.networkPolicy.database }}
{{- if and .Values.postgresql.existingSecret (or $database.cidrs $database.podLabels) -}}
- to:
    {{- range $database.cidrs }}
    - ipBlock: { cidr: {{ . }} }
    {{- end }}
    {{- if $database.podLabels }}
    - podSelector:
        matchLabels: {{- toYaml $database.podLabels | nindent 10 }}
      {{- if $database.namespace }}
      namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: {{ $database.namespace }}
      {{- end }}
    {{- end }}
  ports:
    - { protocol: TCP, port: {{ $database.port }} }
{{- end -}}
{{- end }}
{{- define "egress.listedRules" -}}
{{- range . }}
# {{ .name }}
- to:
    {{- range .cidrs }}
    - ipBlock: { cidr: {{ . }} }
    {{- end }}
  ports:
    {{- range .ports }}
    - { protocol: {{ default "TCP" .protocol }}, port: {{ .port }} }
    {{- end }}
{{- end }}
{{- end -}}

{{- define "egress.rulesVolume" -}}
{{- if eq .Values.rules.source "configMap" -}}
- name: rules
  configMap:
    name: {{ include "egress.fullname" . }}-rules
    items:
      {{- range $path, $_ := include "egress.rules" . | fromJson }}
      - { key: {{ replace "/" "__" $path }}, path: {{ $path }} }
      {{- end }}
{{- end -}}
{{- end }}
