// Command driver is the controller's half of a CSI driver that does at once whatever it is asked, and says on its output what
// that was. It stands for that of the EBS CSI driver, with its name and capabilities (pkg/driver/controller.go).
package main

import (
	"context"
	"fmt"
	"net"
	"os"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

type driver struct {
	csi.UnimplementedIdentityServer
	csi.UnimplementedControllerServer
}

func main() {
	listener, err := net.Listen("unix", os.Args[1])
	if err == nil {
		err = os.Chmod(os.Args[1], 0o777)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	server := grpc.NewServer()
	csi.RegisterIdentityServer(server, &driver{})
	csi.RegisterControllerServer(server, &driver{})
	fmt.Fprintln(os.Stderr, server.Serve(listener))
	os.Exit(1)
}

func (*driver) GetPluginInfo(context.Context, *csi.GetPluginInfoRequest) (*csi.GetPluginInfoResponse, error) {
	return &csi.GetPluginInfoResponse{Name: "ebs.csi.aws.com", VendorVersion: "1.0.0"}, nil
}

func (*driver) Probe(context.Context, *csi.ProbeRequest) (*csi.ProbeResponse, error) {
	return &csi.ProbeResponse{Ready: wrapperspb.Bool(true)}, nil
}

func (*driver) GetPluginCapabilities(
	context.Context, *csi.GetPluginCapabilitiesRequest,
) (*csi.GetPluginCapabilitiesResponse, error) {
	var has []*csi.PluginCapability
	for _, each := range []csi.PluginCapability_Service_Type{
		csi.PluginCapability_Service_CONTROLLER_SERVICE,
		csi.PluginCapability_Service_VOLUME_ACCESSIBILITY_CONSTRAINTS,
	} {
		service := &csi.PluginCapability_Service{Type: each}
		has = append(has, &csi.PluginCapability{Type: &csi.PluginCapability_Service_{Service: service}})
	}
	grows := &csi.PluginCapability_VolumeExpansion{Type: csi.PluginCapability_VolumeExpansion_ONLINE}
	has = append(has, &csi.PluginCapability{Type: &csi.PluginCapability_VolumeExpansion_{VolumeExpansion: grows}})
	return &csi.GetPluginCapabilitiesResponse{Capabilities: has}, nil
}

func (*driver) ControllerGetCapabilities(
	context.Context, *csi.ControllerGetCapabilitiesRequest,
) (*csi.ControllerGetCapabilitiesResponse, error) {
	var has []*csi.ControllerServiceCapability
	for _, each := range []csi.ControllerServiceCapability_RPC_Type{
		csi.ControllerServiceCapability_RPC_CREATE_DELETE_VOLUME,
		csi.ControllerServiceCapability_RPC_PUBLISH_UNPUBLISH_VOLUME,
		csi.ControllerServiceCapability_RPC_CREATE_DELETE_SNAPSHOT,
		csi.ControllerServiceCapability_RPC_LIST_SNAPSHOTS,
		csi.ControllerServiceCapability_RPC_EXPAND_VOLUME,
		csi.ControllerServiceCapability_RPC_MODIFY_VOLUME,
	} {
		call := &csi.ControllerServiceCapability_RPC{Type: each}
		has = append(has, &csi.ControllerServiceCapability{Type: &csi.ControllerServiceCapability_Rpc{Rpc: call}})
	}
	return &csi.ControllerGetCapabilitiesResponse{Capabilities: has}, nil
}

func (*driver) CreateVolume(_ context.Context, asked *csi.CreateVolumeRequest) (*csi.CreateVolumeResponse, error) {
	fmt.Println("create", asked.GetName(), asked.GetParameters())
	made := &csi.Volume{VolumeId: "vol-" + asked.GetName(), CapacityBytes: asked.GetCapacityRange().GetRequiredBytes()}
	if preferred := asked.GetAccessibilityRequirements().GetPreferred(); len(preferred) > 0 {
		made.AccessibleTopology = preferred[:1]
	}
	return &csi.CreateVolumeResponse{Volume: made}, nil
}

func (*driver) DeleteVolume(_ context.Context, asked *csi.DeleteVolumeRequest) (*csi.DeleteVolumeResponse, error) {
	fmt.Println("delete", asked.GetVolumeId())
	return &csi.DeleteVolumeResponse{}, nil
}

func (*driver) ControllerPublishVolume(
	_ context.Context, asked *csi.ControllerPublishVolumeRequest,
) (*csi.ControllerPublishVolumeResponse, error) {
	fmt.Println("attach", asked.GetVolumeId(), asked.GetNodeId())
	return &csi.ControllerPublishVolumeResponse{PublishContext: map[string]string{"devicePath": "/dev/xvdaa"}}, nil
}

func (*driver) ControllerUnpublishVolume(
	_ context.Context, asked *csi.ControllerUnpublishVolumeRequest,
) (*csi.ControllerUnpublishVolumeResponse, error) {
	fmt.Println("detach", asked.GetVolumeId(), asked.GetNodeId())
	return &csi.ControllerUnpublishVolumeResponse{}, nil
}

func (*driver) ControllerExpandVolume(
	_ context.Context, asked *csi.ControllerExpandVolumeRequest,
) (*csi.ControllerExpandVolumeResponse, error) {
	fmt.Println("grow", asked.GetVolumeId())
	return &csi.ControllerExpandVolumeResponse{CapacityBytes: asked.GetCapacityRange().GetRequiredBytes()}, nil
}

func (*driver) ControllerModifyVolume(
	_ context.Context, asked *csi.ControllerModifyVolumeRequest,
) (*csi.ControllerModifyVolumeResponse, error) {
	fmt.Println("modify", asked.GetVolumeId(), asked.GetMutableParameters())
	return &csi.ControllerModifyVolumeResponse{}, nil
}
