// The definitions of Flux's kinds; none of its programs is built.
module ninefold.test/flux

go 1.26.0

require (
	github.com/fluxcd/kustomize-controller v1.7.3
	github.com/fluxcd/source-controller v1.7.3
)
