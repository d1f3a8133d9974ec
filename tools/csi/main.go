// Command csi is the node's half of a CSI driver whose volumes are block devices that appear in /dev: it stands for that of
// the EBS CSI driver, under its name. Volumes are made and attached elsewhere; the path of the device comes with the
// attachment.
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	registration "k8s.io/kubelet/pkg/apis/pluginregistration/v1"
)

const (
	version     = "1.0.0"
	maxVolumes  = 20
	deviceWait  = 60 * time.Second
	devicePath  = "devicePath"
	defaultKind = "ext4"
)

type driver struct {
	csi.UnimplementedIdentityServer
	csi.UnimplementedNodeServer
	name, node, socket string
}

func main() {
	made := driver{}
	flag.StringVar(&made.name, "name", "ebs.csi.aws.com", "the driver's name")
	flag.StringVar(&made.node, "node", "", "what volumes are attached to: the instance's identity")
	kubelet := flag.String("kubelet", "/var/lib/kubelet", "the kubelet's directory")
	flag.Parse()
	made.socket = filepath.Join(*kubelet, "plugins", made.name, "csi.sock")
	registry := filepath.Join(*kubelet, "plugins_registry", made.name+"-reg.sock")
	failed := make(chan error)
	go serve(made.socket, failed, func(server *grpc.Server) {
		csi.RegisterIdentityServer(server, &made)
		csi.RegisterNodeServer(server, &made)
	})
	go serve(registry, failed, func(server *grpc.Server) {
		registration.RegisterRegistrationServer(server, &registrar{driver: &made})
	})
	fmt.Fprintln(os.Stderr, <-failed)
	os.Exit(1)
}

func serve(socket string, failed chan<- error, register func(*grpc.Server)) {
	if err := os.MkdirAll(filepath.Dir(socket), 0o750); err != nil {
		failed <- err
		return
	}
	_ = os.Remove(socket)
	listener, err := net.Listen("unix", socket)
	if err != nil {
		failed <- err
		return
	}
	server := grpc.NewServer()
	register(server)
	failed <- server.Serve(listener)
}

func (d *driver) GetPluginInfo(context.Context, *csi.GetPluginInfoRequest) (*csi.GetPluginInfoResponse, error) {
	return &csi.GetPluginInfoResponse{Name: d.name, VendorVersion: version}, nil
}

func (d *driver) GetPluginCapabilities(
	context.Context, *csi.GetPluginCapabilitiesRequest,
) (*csi.GetPluginCapabilitiesResponse, error) {
	return &csi.GetPluginCapabilitiesResponse{}, nil
}

func (d *driver) Probe(context.Context, *csi.ProbeRequest) (*csi.ProbeResponse, error) {
	return &csi.ProbeResponse{}, nil
}

func (d *driver) NodeGetInfo(context.Context, *csi.NodeGetInfoRequest) (*csi.NodeGetInfoResponse, error) {
	return &csi.NodeGetInfoResponse{NodeId: d.node, MaxVolumesPerNode: maxVolumes}, nil
}

func (d *driver) NodeGetCapabilities(
	context.Context, *csi.NodeGetCapabilitiesRequest,
) (*csi.NodeGetCapabilitiesResponse, error) {
	stage := &csi.NodeServiceCapability_RPC{Type: csi.NodeServiceCapability_RPC_STAGE_UNSTAGE_VOLUME}
	return &csi.NodeGetCapabilitiesResponse{Capabilities: []*csi.NodeServiceCapability{
		{Type: &csi.NodeServiceCapability_Rpc{Rpc: stage}},
	}}, nil
}

// NodeStageVolume mounts the volume's file system, which is made when the volume is blank.
func (d *driver) NodeStageVolume(
	ctx context.Context, request *csi.NodeStageVolumeRequest,
) (*csi.NodeStageVolumeResponse, error) {
	target := request.GetStagingTargetPath()
	device := request.GetPublishContext()[devicePath]
	kind := request.GetVolumeCapability().GetMount().GetFsType()
	if kind == "" {
		kind = defaultKind
	}
	if device == "" {
		return nil, status.Error(codes.InvalidArgument, "the attachment names no device")
	}
	if mounted(target) {
		return &csi.NodeStageVolumeResponse{}, nil
	}
	if err := appears(ctx, device); err != nil {
		return nil, err
	}
	if err := format(device, kind); err != nil {
		return nil, err
	}
	return &csi.NodeStageVolumeResponse{}, run("mount", "-t", kind, "-o", "noatime", device, target)
}

func (d *driver) NodeUnstageVolume(
	_ context.Context, request *csi.NodeUnstageVolumeRequest,
) (*csi.NodeUnstageVolumeResponse, error) {
	return &csi.NodeUnstageVolumeResponse{}, unmount(request.GetStagingTargetPath())
}

// NodePublishVolume shows the mounted volume to a pod.
func (d *driver) NodePublishVolume(
	_ context.Context, request *csi.NodePublishVolumeRequest,
) (*csi.NodePublishVolumeResponse, error) {
	target := request.GetTargetPath()
	if err := os.MkdirAll(target, 0o750); err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	if mounted(target) {
		return &csi.NodePublishVolumeResponse{}, nil
	}
	if err := run("mount", "--bind", request.GetStagingTargetPath(), target); err != nil {
		return nil, err
	}
	if request.GetReadonly() {
		return &csi.NodePublishVolumeResponse{}, run("mount", "-o", "remount,bind,ro", target)
	}
	return &csi.NodePublishVolumeResponse{}, nil
}

func (d *driver) NodeUnpublishVolume(
	_ context.Context, request *csi.NodeUnpublishVolumeRequest,
) (*csi.NodeUnpublishVolumeResponse, error) {
	target := request.GetTargetPath()
	if err := unmount(target); err != nil {
		return nil, err
	}
	if err := os.Remove(target); err != nil && !os.IsNotExist(err) {
		return nil, status.Error(codes.Internal, err.Error())
	}
	return &csi.NodeUnpublishVolumeResponse{}, nil
}

// appears waits for a device that is being attached.
func appears(ctx context.Context, device string) error {
	ctx, cancel := context.WithTimeout(ctx, deviceWait)
	defer cancel()
	for {
		if found, err := os.Stat(device); err == nil && found.Mode()&os.ModeDevice != 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return status.Errorf(codes.Unavailable, "%s does not appear", device)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// format makes a file system on a blank device, and never on one that holds anything.
func format(device, kind string) error {
	found, err := exec.Command("blkid", "--probe", "--match-tag", "TYPE", "--output", "value", device).Output()
	if failed, ok := err.(*exec.ExitError); ok && failed.ExitCode() == 2 { // blkid(8): nothing was found
		return run("mkfs."+kind, "-q", "-m", "0", device)
	}
	if err != nil {
		return status.Errorf(codes.Internal, "blkid %s: %v", device, err)
	}
	if held := strings.TrimSpace(string(found)); held != kind {
		return status.Errorf(codes.Internal, "%s holds %q and not %s: left as it is", device, held, kind)
	}
	return nil
}

func mounted(path string) bool {
	return exec.Command("mountpoint", "-q", path).Run() == nil
}

func unmount(path string) error {
	if !mounted(path) {
		return nil
	}
	return run("umount", path)
}

func run(name string, arguments ...string) error {
	said, err := exec.Command(name, arguments...).CombinedOutput()
	if err != nil {
		return status.Errorf(codes.Internal, "%s %s: %v: %s", name, strings.Join(arguments, " "), err, said)
	}
	return nil
}

// registrar tells the kubelet of the driver.
type registrar struct {
	registration.UnimplementedRegistrationServer
	driver *driver
}

func (r *registrar) GetInfo(context.Context, *registration.InfoRequest) (*registration.PluginInfo, error) {
	return &registration.PluginInfo{
		Type: registration.CSIPlugin, Name: r.driver.name, Endpoint: r.driver.socket, SupportedVersions: []string{"1.0.0"},
	}, nil
}

func (r *registrar) NotifyRegistrationStatus(
	_ context.Context, told *registration.RegistrationStatus,
) (*registration.RegistrationStatusResponse, error) {
	if !told.GetPluginRegistered() {
		fmt.Fprintf(os.Stderr, "the kubelet refuses: %s\n", told.GetError())
		os.Exit(1) // systemd starts it again, and the kubelet looks again
	}
	return &registration.RegistrationStatusResponse{}, nil
}
