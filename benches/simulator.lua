-- What wrk sends: getResellerBalance for one client after another, by GET or as multipart. All requests are made before
-- the clock starts, so that making them costs both servers nothing.
--
--   wrk -s simulator.lua URL -- get|multipart USERNAME PASSWORD FILE_OF_IDS

local requests, sent = {}, 0

local function escaped(text)
    return (text:gsub("[^%w]", function(byte) return string.format("%%%02X", byte:byte()) end))
end

local function get(params)
    local pairs_of = {}
    for _, param in ipairs(params) do
        pairs_of[#pairs_of + 1] = param[1] .. "=" .. escaped(param[2])
    end
    return wrk.format("GET", wrk.path .. "?" .. table.concat(pairs_of, "&"))
end

local function multipart(params)
    local boundary = "3f2a9c1e5b7d4860"
    local body = {}
    for _, param in ipairs(params) do
        body[#body + 1] = "--" .. boundary .. '\r\nContent-Disposition: form-data; name="' .. param[1] .. '"\r\n\r\n'
            .. param[2] .. "\r\n"
    end
    body[#body + 1] = "--" .. boundary .. "--\r\n"
    local headers = { ["Content-Type"] = "multipart/form-data; boundary=" .. boundary }
    return wrk.format("POST", nil, headers, table.concat(body))
end

function init(args)
    local make = args[1] == "multipart" and multipart or get
    for id in io.lines(args[4]) do
        requests[#requests + 1] = make({
            { "api_username", args[2] },
            { "api_password", args[3] },
            { "method", "getResellerBalance" },
            { "client", id },
        })
    end
end

function request()
    sent = sent + 1
    return requests[sent % #requests + 1]
end
