#!/bin/sh
alias_empty="|/usr/sbin/qmail-procmail"
logger="splogger smtpd"
case "$1" in
  start)
    echo -n "Starting mail-transfer agent: qmail"
    sh -c "start-stop-daemon --start --quiet --user qmails --exec /usr/sbin/qmail-send --startas /usr/sbin/qmail-start -- ./Maildir/ splogger qmail &"
    sh -c "start-stop-daemon --start --quiet --user qmaild --pidfile /run/tcpserver_smtpd.pid --make-pidfile --exec /usr/sbin/tcpserver -- -R -H -u \`id -u qmaild\` -g \`id -g nobody\` -x /etc/tcp.smtp.cdb 0 smtp /usr/sbin/qmail-smtpd 2>&1 | $logger &"
    ;;
  stop)
    killall tcpserver
    ;;
esac
