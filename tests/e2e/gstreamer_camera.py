"""A camera that is not ours: GStreamer's RTSP server streaming an MP4 file.

Run by the system's Python, which has GStreamer's bindings:
    /usr/bin/python3 gstreamer_camera.py FILE [udp|tls] [PEM KEY]   (prints the port)
"""

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
gi.require_version("GstRtsp", "1.0")
from gi.repository import Gio, GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

Gst.init(None)
server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service("0")
factory = GstRtspServer.RTSPMediaFactory()
factory.set_launch(
    f"( filesrc location={sys.argv[1]} ! qtdemux ! h264parse "
    "! rtph264pay name=pay0 pt=96 config-interval=-1 )"
)
factory.set_shared(False)
how = sys.argv[2:]
if how[:1] == ["udp"]:
    factory.set_protocols(GstRtsp.RTSPLowerTrans.UDP)
if how[:1] == ["tls"]:
    auth = GstRtspServer.RTSPAuth.new()
    auth.set_tls_certificate(Gio.TlsCertificate.new_from_files(*how[1:]))
    token = GstRtspServer.RTSPToken.new()
    token.set_string("media.factory.role", "anybody")
    auth.set_default_token(token)
    permissions = GstRtspServer.RTSPPermissions.new()
    for permission in ("media.factory.access", "media.factory.construct"):
        permissions.add_permission_for_role("anybody", permission, True)
    factory.set_permissions(permissions)
    server.set_auth(auth)
server.get_mount_points().add_factory("/file", factory)
server.attach(None)
print(server.get_bound_port(), flush=True)
GLib.MainLoop().run()
