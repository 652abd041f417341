# Sourced by the scripts beside it: install Debian or Ubuntu packages, as root or through sudo.
# Without what they recommend, which for a browser without windows is an init system and printers.
install_packages() {
  command -v apt-get >/dev/null || {
    echo "Palier: this machine has no apt-get; install $* with its own package manager, then run the command again." >&2
    return 1
  }
  local as_root=()
  [ "$(id -u)" = 0 ] || as_root=(sudo)
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"
}
