#!/bin/sh
# /etc/rc3.d/S99smtpd
PATH=/usr/local/bin:/usr/bin:/bin:/var/qmail/bin
export PATH
case "$1" in
start)
	[ -x /var/qmail/rc ] && /var/qmail/rc &
	echo "smtpd"
	tcpserver -v -u 1003 -g 102 -x /etc/tcp.smtp.cdb 0 smtp qmail-smtpd 2>&1 |
		splogger smtpd 3 &
	;;
stop)
	echo "nothing is stopped"
	;;
esac
exit 0
