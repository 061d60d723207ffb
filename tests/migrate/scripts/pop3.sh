#!/bin/sh
exec softlimit -m 3000000 tcpserver -v -R -H -l 0 0 110 \
  /var/qmail/bin/qmail-popup mail.example.org /bin/checkpassword /var/qmail/bin/qmail-pop3d Maildir 2>&1
