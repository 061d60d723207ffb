#!/bin/sh
exec tcpserver -vR -l 0 -x /etc/tcp.smtp.cdb -u qmaild -g nofiles 0 smtp \
  rblsmtpd -r zen.example.org \
  /usr/local/bin/jgreylist /var/qmail/bin/qmail-smtpd 2>&1
