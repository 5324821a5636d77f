"""Images built without Docker, and containers of them without a container runtime.

buildah builds in a chroot, into a storage of its own. A container is a process in an image's tree,
as Docker would run it with compose.yaml's settings: the image's command, environment and user, a
read-only root, no capability, no way to a new one; only the network is the caller's.
"""

import json
import os
import pathlib
import shutil
import signal
import subprocess

CERTIFICATES = pathlib.Path("/usr/local/share/ca-certificates")
BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
CODENAME = "bookworm"
# As debian:12-slim: no documents, no lists of packages, and dpkg does not wait for the disk.
NOT_SLIM = ("usr/share/doc", "usr/share/locale", "usr/share/man", "var/cache/apt", "var/lib/apt/lists")
SLIM = """force-unsafe-io
path-exclude /usr/share/doc/*
path-include /usr/share/doc/*/copyright
path-exclude /usr/share/locale/*
path-exclude /usr/share/man/*
"""

# What becomes of process 1 of the container, in namespaces of its own. $1: its root, $2: the user,
# $3: a folder of volumes, laid out as the container sees them; then the command.
ENTER = """
set -euo pipefail
root=$1 user=$2 volumes=$3
shift 3
mount --make-rprivate /
mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount --bind "$volumes/etc/hosts" "$root/etc/hosts"
mount -t tmpfs tmpfs "$root/run"
mkdir "$root/run/secrets"
mount --bind "$volumes/run/secrets" "$root/run/secrets"
mount --bind "$volumes/var/tmp" "$root/var/tmp"
mount --bind "$volumes/var/lib/parley" "$root/var/lib/parley"
# What is left of capabilities is for chroot, and goes with root.
exec setpriv --no-new-privs --inh-caps=-all --bounding-set=-all,+sys_chroot,+setuid,+setgid \\
    chroot --userspec="$user" --groups= "$root" "$@"
"""


class Storage:
    """Where images lie: buildah's vfs in a folder of ours, so that nothing of the machine is touched."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.command = ["buildah", "--root", str(folder / "storage"), "--runroot",
                        str(folder / "run"), "--storage-driver", "vfs"]

    def buildah(self, *arguments):
        """What it printed; what went wrong is on our standard error."""
        return subprocess.run([*self.command, *map(str, arguments)], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, text=True, check=True).stdout.strip()

    def has(self, image):
        return bool(self.buildah("images", "-q", "--filter", f"reference={image}"))

    def make_base(self, image):
        """Debian's smallest system out of its packages. It trusts the certificates that this machine
        has of its own: a mirror of the registries may have one of those."""
        tree = self.folder / "base"
        shutil.rmtree(tree, ignore_errors=True)
        subprocess.run(["debootstrap", "--variant=minbase", "--include=ca-certificates", CODENAME,
                        tree], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
        (tree / "etc/apt/sources.list").write_text("".join(
            f"deb http://deb.debian.org/{what} {suite} main\n" for what, suite in (
                ("debian", CODENAME), ("debian", f"{CODENAME}-updates"),
                ("debian-security", f"{CODENAME}-security"))), encoding="utf-8")
        for folder in NOT_SLIM:
            shutil.rmtree(tree / folder)
            (tree / folder).mkdir()
        (tree / "etc/dpkg/dpkg.cfg.d/slim").write_text(SLIM, encoding="utf-8")
        if CERTIFICATES.is_dir():
            shutil.copytree(CERTIFICATES, tree / CERTIFICATES.relative_to("/"), dirs_exist_ok=True)
            subprocess.run(["chroot", tree, "update-ca-certificates"], stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL, check=True)
        container = self.buildah("from", "scratch")
        self.buildah("add", "-q", container, tree, "/")
        self.buildah("config", "--env", f"PIP_CERT={BUNDLE}", "--env",
                     f"NODE_EXTRA_CA_CERTS={BUNDLE}", container)
        self.buildah("commit", "-q", "--rm", container, image)
        shutil.rmtree(tree)

    def build(self, root, image, base, *arguments, made=()):
        """made are stages of the Dockerfile that are images by now, of that name. Without layers: vfs
        copies all that lies below for each."""
        for stage in made:
            arguments += ("--build-context", f"{stage}=container-image://localhost/parley/{stage}")
        self.buildah("bud", "--isolation", "chroot", "--layers=false", "--format", "docker", "-q",
                     "-f", root / "docker/Dockerfile", "--build-arg", f"BASE=localhost/{base}",
                     *arguments, "-t", image, root)

    def forget_replaced(self):
        """Images of an earlier time, whose names others have now, and containers of them: some GB."""
        self.buildah("rm", "--all")
        self.buildah("rmi", "--prune")

    def mount(self, image):
        """The image's tree. Its container is named after it, and replaced by the next."""
        name = "check-" + image.replace("/", "-")
        if name in self.buildah("containers", "--format", "{{.ContainerName}}").split():
            self.buildah("rm", name)
        self.buildah("from", "--name", name, "--pull-never", f"localhost/{image}")
        return pathlib.Path(self.buildah("mount", name))

    def config(self, image):
        return json.loads(self.buildah("inspect", "--type", "image", f"localhost/{image}"))["Docker"]["config"]


def size(tree):
    """Bytes in an image's tree."""
    done = subprocess.run(["du", "-sx", "--block-size=1", tree], stdout=subprocess.PIPE, check=True)
    return int(done.stdout.split()[0])


class Container:
    def __init__(self, name, root, config, folder, hosts, environment=(), command=None):
        """folder is the container's volumes; hosts is the text of its /etc/hosts."""
        self.name = name
        self.root = root
        self.config = config
        self.volumes = folder
        self.environment = {**dict(pair.split("=", 1) for pair in config["Env"]), **dict(environment)}
        self.command = command
        self.process = None
        uid = int(config["User"].split(":")[0])
        for volume, mode in (("etc", 0o755), ("run/secrets", 0o755), ("var/tmp", 0o1777),
                             ("var/lib/parley", 0o700)):
            (folder / volume).mkdir(parents=True, exist_ok=True)
            (folder / volume).chmod(mode)
        os.chown(folder / "var/lib/parley", uid, uid)
        (folder / "etc/hosts").write_text(hosts, encoding="utf-8")

    def secret(self, name, path):
        """A file of its /run/secrets."""
        target = self.volumes / "run/secrets" / name
        shutil.copy2(path, target)
        status = path.stat()
        os.chown(target, status.st_uid, status.st_gid)

    def _enter(self, command):
        return ["unshare", "--mount", "--pid", "--fork", "--kill-child=SIGKILL", "bash", "-c", ENTER,
                "enter", self.root, self.config["User"], self.volumes, *command]

    def run(self, *command):
        """A further process beside it, as `docker exec`; its status and what it printed."""
        done = subprocess.run(self._enter(command), env=self.environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              check=False, timeout=60)
        return done.returncode, done.stdout

    def is_healthy(self, *more):
        """What the image's HEALTHCHECK says."""
        kind, *command = self.config["Healthcheck"]["Test"]
        assert kind == "CMD", "a health check may not need a shell"
        return self.run(*command, *more)[0] == 0

    def start(self):
        command = [*(self.config["Entrypoint"] or []),
                   *(self.command if self.command is not None else self.config["Cmd"] or [])]
        with open(self.volumes / "log", "ab") as log:
            # As container runtimes do, or /dev/stdout could not be opened.
            os.fchown(log.fileno(), *map(int, self.config["User"].split(":")))
            self.process = subprocess.Popen(self._enter(command), env=self.environment,
                                            stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=subprocess.STDOUT)

    def _signal(self, number):
        """To the container's process 1. By itself it would outlive our end of it: with its user it has
        lost what the kernel does for --kill-child."""
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        for pid in children.read_text(encoding="ascii").split():
            os.kill(int(pid), number)

    def stop(self):
        """By the image's signal, as `docker stop`; its exit status."""
        self._signal(signal.Signals[self.config.get("StopSignal") or "SIGTERM"])
        try:
            return self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def kill(self):
        if self.process and self.process.poll() is None:
            self._signal(signal.SIGKILL)
            self.process.wait()

    def log(self):
        return (self.volumes / "log").read_text(encoding="utf-8", errors="replace")
