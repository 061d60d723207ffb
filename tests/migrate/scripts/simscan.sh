#!/bin/sh
export QMAILQUEUE=/var/qmail/bin/simscan
export SIMSCAN_DEBUG=1
exec env - PATH="/var/qmail/bin:/usr/local/bin" QMAILQUEUE="$QMAILQUEUE" \
  softlimit -m 30000000 tcpserver -vRHl0 -x/etc/tcp.smtp.cdb -u1003 -g102 -c20 0 25 qmail-smtpd 2>&1
