"""Addresses in all the forms in which somebody may try to lead the hub into a private network."""


def words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


PRIVATE = words("""
    0.0.0.0 0.0.0.1 0.255.255.255 10.0.0.0 10.0.0.1 10.255.255.255 100.64.0.1 100.100.100.200 100.127.255.255
    127.0.0.0 127.0.0.1 127.1.2.3 127.255.255.255 168.63.129.16 169.254.0.1 169.254.169.254 172.16.0.1
    172.31.255.255 192.0.0.1 192.0.0.9 192.0.0.192 192.0.2.1 192.88.99.1 192.168.0.1 192.168.255.255 198.18.0.1
    198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 224.0.0.251 232.1.1.1 239.255.255.255 240.0.0.1 254.1.1.1
    255.255.255.255 :: ::1 ::2 ::7f00:1 ::127.0.0.1 ::8.8.8.8 ::ffff:0:0 ::ffff:127.0.0.1 ::ffff:10.0.0.1
    ::ffff:169.254.169.254 ::ffff:8.8.8.8 ::ffff:7f00:1 ::ffff:0:127.0.0.1 64:ff9b::7f00:1 64:ff9b::127.0.0.1
    64:ff9b::10.0.0.1 64:ff9b::8.8.8.8 64:ff9b:1::a00:1 64:ff9b:1:fffe::1 100::1 100:0:0:1::1 2001::1
    2001:0:4136:e378:8000:63bf:3fff:fdd2 2001:2::1 2001:10::1 2001:20::1 2001:db8::1 2002:7f00:1::1 2002:a00:1::1
    2002:c0a8:101:: 2002:808:808::1 3fff::1 3fff:fff::1 2606:4700::5efe:7f00:1 2606:4700::200:5efe:a00:1 4000::1
    5f00::1 fc00::1 fd00::1 fd00:ec2::254 fdff::1 fe80::1 fe80::1%1 fe80::1%eth0 2606:4700::1%1 febf::1 fec0::1
    feff::1 ff00::1 ff02::1 ff02::fb ff05::2 ff0e::1 localhost 1.1.1 08.8.8.8 1.1.1.1.1 1.1.1.1/32 [::1]
""")

PUBLIC = words("""
    1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 52.1.2.3 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.1
    169.253.255.255 172.15.255.255 172.32.0.0 192.0.1.1 192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0
    223.255.255.255 2001:200::1 2001:4860:4860::8888 2003::1 2400:cb00::1 2606:4700:4700::1111 2a00:1450::1
    2c0f:fb50::1
""")

# What may stand where a host stands, and means a private address or none at all.
PRIVATE_HOSTS = words("""
    127.0.0.1 127.0.0.1. 127.1 127.0.1 0 0.0.0.0 2130706433 017700000001 0x7f000001 0x7F000001 0x7f.1 0x7f.0.0.1
    0x7f.0x0.0x0.0x1 0177.1 0177.0.0.1 0177.0.0.01 00000177.0.0.1 127.0.0.0x1 10.1 10.0.1 167772161 0xa000001 012.1
    0xa.0.0.1 3232235777 0xc0a80101 0300.0250.1.1 192.168.257 192.168.0x101 169.254.43518 2852039166 0xa9fea9fe
    0xa9.254.0251.0376 0251.0376.0251.0376 100.64.1 172.16.1 4294967295 0xffffffff 037777777777 4294967296 256.1
    1.2.3.4.5 127.0.0.1.. 99999999999 0x 08.1 1.0x [::] [::1] [0:0:0:0:0:0:0:1]
    [0000:0000:0000:0000:0000:0000:0000:0001] [::ffff:127.0.0.1] [::FFFF:7F00:1] [::127.0.0.1] [64:ff9b::127.0.0.1]
    [64:ff9b::7f00:1] [2002:7f00:1::] [2001:0:7f00:1::] [fe80::1] [fe80::1%25eth0] [fe80::1%25] [fe80::1%251]
    [::1%251] [fec0::1] [fd00::1] [fc00::] [ff02::1] [fd00:ec2::254] [::ffff:0:127.0.0.1] localhost LOCALHOST
    localhost. a.localhost printer.local db.internal metadata.google.internal x.localdomain
    ip6-localhost ip6-loopback localhost6 intranet metadata kubernetes x.localhost. svc.cluster.local
    host.docker.internal
    router.lan nas.home x.home.arpa x.corp x.intranet x.private 1.0.0.127.in-addr.arpa 127.1.1 0b1111111.0.0.1
    0o177.0.0.1 127_0_0_1 0x7f000001. [::1]:443 [::0001] [0:0:0:0:0:ffff:7f00:1] [::1%lo] [::1%25lo] [::ffff:8.8.8.8]
    [64:ff9b::8.8.8.8] [2002:a9fe:a9fe::] [2606:4700::1%25] 1e3
""")

NO_ADDRESSES = [
    "",
    "https",
    "https:",
    "https://",
    "https:///orders",
    "https://.",
    "https://..",
    "https://.example.com",
    "https://a..b",
    "https://example.com:0",
    "https://example.com:65536",
    "https://example.com:-1",
    "https://example.com:x",
    "https://example.com:22",
    "https://example.com:25",
    "https://example.com:53",
    "https://example.com:445",
    "https://example.com:1023",
    "https://example.com:44 3",
    "https://user@example.com",
    "https://user:secret@example.com",
    "https://:@example.com",
    "https://@example.com",
    "https://example.com@127.0.0.1",
    "https://127.0.0.1@example.com",
    "https://example.com\\@127.0.0.1",
    "https://127.0.0.1\\.example.com",
    "https://127.0.0.1%2f@example.com",
    "https://127.0.0.1%00.example.com",
    "https://%31%32%37.0.0.1",
    "https://[::1",
    "https://::1",
    "https://[::1]x",
    "https://[127.0.0.1]",
    "https://[v1.x]",
    "https://exa mple.com",
    "https://example.com/a b",
    "https://example.com/\r\nHost: x",
    "https://example.com\t",
    "https://example.com/\x00",
    " https://example.com",
    "https:\\\\example.com",
    "//example.com",
    "example.com",
    "/orders",
    "http://example.com",
    "ftp://example.com",
    "file:///etc/passwd",
    "gopher://example.com",
    "unix:///var/run/docker.sock",
    "javascript:alert(1)",
    "data:text/plain,x",
    "ws://example.com",
    "https+unix://example.com",
    "https://" + "a" * 64 + ".com",
    "https://" + "a." * 127 + "com",
    "https://example.com/" + "a" * 8192,
    "https://①②⑦.⓪.⓪.①",
    "https://\uff11\uff12\uff17.0.0.1",
    "https://127。0。0。1",
    "https://\uff4cocalhost",
    "https://\u0967\u0968\u096d.0.0.1",
    "https://\u0663.\u0663.\u0663.\u0663",
    "https://\uff0e",
    "https://xn--a",
    "https://xn--127-.com",
    "https://xn--0.xn--0",
    "https://example.com\u200b",
    "https://exa\u00admple.com",
    "https://\u202eexample.com",
    "https://ex\x85ample.com",
    "https://example.com\xa0",
    "https://exam%70le.com",
    "https://localhost%00",
    "https://example.com%2e",
    "https://example.com;127.0.0.1",
    "https://example.com,127.0.0.1",
    "https://-a.com",
    "https://a-.com",
    "https://*.com",
    "https://(x).com",
    "https://x|y.com",
    "https://x^y.com",
    "https://x=y.com",
    'https://"x".com',
    "https://$x.com",
    "https://~x.com",
    "https:example.com",
    "https:/example.com",
    "https:////example.com",
    "https:///127.0.0.1",
    "https://#@127.0.0.1",
    "https://?@127.0.0.1",
    "https://127.0.0.1:443@example.com",
    "https://[::1].",
    "https://[[::1]]",
    "https://[1::2::3]",
    "https://[]",
    "https://[::ffff:7f00.1]",
    "https://016.8.8.8",
    "https://0000.0000.0000.0001",
    "https://example.com:443:443",
    "https://example.com:+443",
    "https://example.com:\uff14\uff14\uff13",
    "https://example.com:000443",
    "https://example.com:0x1bb",
]

# Addresses of stores, each with the host that the network is asked for.
STORES = {
    "https://example.com": "example.com",
    "HTTPS://EXAMPLE.COM:443/": "example.com",
    "https://name.3dcartstores.com/3dCartWebAPI/v2/Orders?datestart=05%2F06%2F2024&mail=a@b.c": (
        "name.3dcartstores.com"
    ),
    "https://example.com./#@x": "example.com.",
    "https://example.com?a=@b": "example.com",
    "https://example.com:8443": "example.com",
    "https://xn--mnchen-3ya.example": "xn--mnchen-3ya.example",
    "https://münchen.example": "xn--mnchen-3ya.example",
    "https://example\u3002com": "example.com",
    "https://shop_1.example.com": "shop_1.example.com",
    "https://8.8.8.8": "8.8.8.8",
    "https://[2606:4700:4700::1111]:8443/": "2606:4700:4700::1111",
    "https://134744072": "134744072",
    "https://010.8.8.8.example.com": "010.8.8.8.example.com",
    "https://local.example.com": "local.example.com",
    "https://127.0.0.1.example.com": "127.0.0.1.example.com",
    "https://localhost.example.com": "localhost.example.com",
    "https://example.com/..//127.0.0.1": "example.com",
    "https://example.com/?next=http://127.0.0.1": "example.com",
}
