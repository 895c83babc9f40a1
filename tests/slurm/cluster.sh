#!/usr/bin/env bash
# cluster.sh up|down FOLDER: a SLURM of one node with four pretend GPUs, all of it in FOLDER and on 127.0.0.1.
#
# Needs root and: apt-get install -y --no-install-recommends slurmctld slurmd slurm-client munge
# To use it: export SLURM_CONF=FOLDER/slurm.conf PATH=FOLDER/bin:$PATH
set -euo pipefail

action=$1
folder=$(realpath -m "$2")
host=$(hostname -s)
export SLURM_CONF=$folder/slurm.conf PATH=$PATH:/usr/sbin:/sbin

fail() {
  echo "cluster.sh: $1" >&2
  exit 1
}

# Repeat a command ten times a second until it succeeds, for so many seconds.
wait_for() {
  local seconds=$1 tries
  shift
  for ((tries = 10 * seconds; tries > 0; tries--)); do
    if "$@" > /dev/null 2>&1; then return 0; fi
    sleep 0.1
  done
  return 1
}

# Whether the daemon of FOLDER runs: its number may belong to another program by now, or to a dead child of nobody.
runs() {
  local process
  process=$(cat "$folder/$1.pid" 2> /dev/null) || return 1
  [[ $(cat "/proc/$process/comm" 2> /dev/null) == "$1" ]] && ! grep -q '^State:.Z' "/proc/$process/status"
}

is_gone() { ! runs "$1"; }

is_idle() { [[ $(timeout 5 sinfo --noheader --format=%t) == idle ]]; }

has_no_jobs() { [[ -z $(timeout 5 squeue --noheader) ]]; }

free_ports() {
  python3 -c '
import socket
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
print(*(one.getsockname()[1] for one in sockets))'
}

write_configuration() {
  local control_port node_port
  read -r control_port node_port < <(free_ports)
  cat > "$folder/slurm.conf" << END
ClusterName=pretend
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$control_port
# Listen on the host's own address, which is 127.0.0.1, and on no other.
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$folder/munge.socket
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
MpiDefault=none
# No control groups and no database, which a container may not have.
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
AccountingStorageType=accounting_storage/none
# What a job takes is looked at every second, and a job that takes more than it asked for is ended.
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
# Schedule at once; remember jobs that have ended; do not wait for what is to be killed.
SchedulerParameters=sched_interval=1,batch_sched_delay=0,bf_interval=1
MinJobAge=3600
KillWait=2
JobRequeue=0
ReturnToService=2
# More processors and memory than there may be, so that nothing but the GPUs is scarce.
SlurmdParameters=config_overrides
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
GresTypes=gpu
NodeName=$host NodeAddr=127.0.0.1 Port=$node_port CPUs=12 Sockets=1 CoresPerSocket=12 RealMemory=64000 Gres=gpu:4
PartitionName=main Nodes=$host Default=YES MaxTime=1-0 State=UP
END
  # Any device will do for a GPU that nothing computes on.
  for gpu in 0 1 2 3; do ln -s /dev/null "$folder/gpu$gpu"; done
  echo "NodeName=$host Name=gpu File=$folder/gpu[0-3]" > "$folder/gres.conf"
  # Snakemake's executor starts srun without any variable of SLURM's, hence without the place of its configuration.
  printf '#!/bin/sh\nSLURM_CONF=%q exec %q "$@"\n' "$SLURM_CONF" "$(command -v srun)" > "$folder/bin/srun"
  chmod 755 "$folder/bin/srun"
}

up() {
  [[ $(getent ahostsv4 "$host" | head -n 1) == 127.* ]] ||
    fail "the host's name must be an address of its own: echo '127.0.0.1 $host' >> /etc/hosts"
  [[ ! -e $folder/slurm.conf ]] || fail "$folder is in use"
  mkdir -p "$folder"/{bin,spool,state}
  # Where all users may reach the socket.
  chmod 755 "$folder"
  write_configuration
  (umask 077 && head -c 128 /dev/urandom > "$folder/munge.key")
  munged --key-file="$folder/munge.key" --socket="$folder/munge.socket" --pid-file="$folder/munged.pid" \
    --log-file="$folder/munged.log" --seed-file="$folder/munge.seed" --num-threads=2
  wait_for 10 munge --no-input --socket="$folder/munge.socket"
  slurmctld -c
  slurmd -N "$host"
  wait_for 20 is_idle || { tail -n 5 "$folder"/*.log >&2; down; fail "the node does not come up"; }
}

down() {
  local daemon process
  if runs slurmctld; then
    timeout 5 scancel --user=root || true
    wait_for 10 has_no_jobs || true
  fi
  for daemon in slurmd slurmctld munged; do
    if runs "$daemon"; then
      process=$(cat "$folder/$daemon.pid")
      kill "$process"
      wait_for 10 is_gone "$daemon" || kill -9 "$process"
    fi
  done
}

case $action in
  up | down) "$action" ;;
  *) fail "up or down?" ;;
esac
