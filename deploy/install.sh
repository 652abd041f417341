#!/bin/sh
# A server on a bare Debian or Ubuntu, from a clone of this repository; may be run again.
#
#   sudo PALIER_LOGIN_CLIENT_SECRET=… deploy/install.sh palier.example.org METADATA CLIENT_ID
#
# METADATA is the address of the provider's .well-known/openid-configuration. What is there
# already (database, palier.toml, Caddyfile) is left as it is.
set -eu

NAME=${1:?name of the server, such as palier.example.org}
METADATA=${2:?address of the provider of logins, https://…/.well-known/openid-configuration}
CLIENT=${3:?id of the client that was registered with the provider}
: "${PALIER_LOGIN_CLIENT_SECRET:?secret of that client, in the environment}"
HERE=$(cd "$(dirname "$0")/.." && pwd)
APP=/opt/palier CONFIG=/etc/palier/palier.toml
case $NAME in *[!A-Za-z0-9.-]*) echo "This is no name of a server: $NAME" >&2; exit 1 ;; esac

random() { head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n'; }
as_palier() { runuser -u palier -- env HOME=/var/lib/palier "$@"; }

echo "1/6 packages"
export DEBIAN_FRONTEND=noninteractive
apt-get update -q
apt-get install -q -y --no-install-recommends \
  adduser ca-certificates caddy curl git make postgresql python3 python3-venv

echo "2/6 who runs it, and its folders"
id palier >/dev/null 2>&1 || adduser --system --group --home /var/lib/palier palier
install -d -o palier -g palier -m 700 \
  /var/lib/palier /srv/palier /srv/palier/workspaces /var/backups/palier /var/backups/palier-keys
install -d -o root -g palier -m 750 /etc/palier

echo "3/6 program"
if [ ! -d "$APP/.git" ]; then
  git -c safe.directory='*' clone --quiet "$HERE" "$APP"
fi
# Maps are written where the browser fetches them: nothing else of the program may be.
install -d -o palier -g palier -m 755 "$APP/static" "$APP/static/geometry"
make -C "$APP" setup

echo "4/6 database"
if [ -d /run/systemd/system ]; then
  systemctl enable --now postgresql
else
  service postgresql start
fi
until runuser -u postgres -- psql -qtc 'SELECT 1' >/dev/null 2>&1; do sleep 1; done
if [ ! -f "$CONFIG" ]; then
  PASSWORD=$(random)
  # No superuser: row-level security does not hold for one.
  runuser -u postgres -- psql -q -v ON_ERROR_STOP=1 <<SQL
DO \$\$ BEGIN CREATE ROLE palier LOGIN CREATEROLE; EXCEPTION WHEN duplicate_object THEN NULL; END \$\$;
ALTER ROLE palier PASSWORD '$PASSWORD';
SQL
  runuser -u postgres -- psql -qtc "SELECT 1 FROM pg_database WHERE datname = 'palier'" | grep -q 1 ||
    runuser -u postgres -- createdb --owner palier palier
  # The log of writes keeps nothing of who was erased: the app may begin it anew (15 or newer).
  runuser -u postgres -- psql -q palier <<SQL || echo "The log of writes stays as it is: docs/server.md"
ALTER SYSTEM SET wal_recycle = off;
SELECT pg_reload_conf();
GRANT pg_checkpoint TO palier;
GRANT EXECUTE ON FUNCTION pg_switch_wal() TO palier;
SQL
  (
    umask 077
    cat >"$CONFIG" <<TOML
[server]
address = "https://$NAME"
listen = "127.0.0.1"
port = 8501
store = "postgresql://palier:$PASSWORD@127.0.0.1/palier"
workspaces = "/srv/palier/workspaces"

[login]
metadata = "$METADATA"
client_id = "$CLIENT"
client_secret = "$PALIER_LOGIN_CLIENT_SECRET"
cookie_secret = "$(random)"
TOML
  )
  chown palier:palier "$CONFIG"
fi

echo "5/6 services"
cp "$APP"/deploy/palier*.service "$APP/deploy/palier-backup.timer" /etc/systemd/system/
if ! grep -q "$NAME" /etc/caddy/Caddyfile 2>/dev/null; then
  sed "s/palier\.example\.org/$NAME/" "$APP/deploy/Caddyfile" >/etc/caddy/Caddyfile
fi
if [ -d /run/systemd/system ]; then
  systemctl daemon-reload
  systemctl enable --now palier palier-backup.timer
  systemctl reload-or-restart caddy
fi

echo "6/6 tables"
cd "$APP"
as_palier env PALIER_CONFIG="$CONFIG" "$APP/.venv/bin/python" -m analysis campaign >/dev/null
echo "Done. The first campaign:"
echo "  cd $APP && sudo -u palier PALIER_CONFIG=$CONFIG .venv/bin/python -m analysis \\"
echo "    campaign \"Lyon 2027\" --organisation \"Federation\" --administrator ada@example.org"
