// Package controllers has the one name that Cilium takes from the module of this path, which cannot be had.
package controllers

// DerivedServiceAnnotation is set on a ServiceImport to name its derived Service.
const DerivedServiceAnnotation = "multicluster.kubernetes.io/derived-service"
