// The definitions of Argo Workflows' kinds; none of its programs is built.
module ninefold.test/argo

go 1.26.0

require github.com/argoproj/argo-workflows/v3 v3.7.0
