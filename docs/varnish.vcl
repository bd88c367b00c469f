# Varnish in front of the paper. Start the paper with EDGE_PURGE_URL=http://127.0.0.1:6081/ (the address of Varnish).
vcl 4.1;

backend default {
    .host = "127.0.0.1";
    .port = "8000";
}

# Who may purge: the hosts of the paper.
acl paper {
    "localhost";
}

sub vcl_recv {
    if (req.method == "PURGE") {
        if (client.ip !~ paper) {
            return (synth(403));
        }
        ban("obj.http.Surrogate-Key ~ (^|\s)(" + regsuball(req.http.Surrogate-Key, " ", "|") + ")(\s|$)");
        return (synth(200));
    }
    if (req.method != "GET" && req.method != "HEAD") {
        return (pass);
    }
    if (req.url ~ "^/(lite/)?(admin|login|logout|account|preview|reads|rest|health)(/|$|\?)") {
        return (pass);
    }
    # Public pages are the same bytes for everybody.
    unset req.http.Cookie;
    return (hash);
}

sub vcl_deliver {
    unset resp.http.Surrogate-Key;
    unset resp.http.Cache-Tag;
}
