#!/bin/sh
csh -cf '/var/qmail/rc &'
exec setlock -nx /run/smtpd.lock sh -c '
  LIMIT=`cat /etc/smtpd.limit 2>/dev/null`
  exec nice -n 5 tcpserver -vRHl0 -c "$LIMIT" -u 1003 -g 102 0 25 \
    sh -c "DATABYTES=1000000 exec qmail-smtpd" 2>&1
'
