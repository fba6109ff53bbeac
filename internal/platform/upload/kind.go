package upload

import (
	"path"
	"slices"
	"strings"
)

// known are the media types that are taken from anybody, by what the content shows, each with the endings that names of such
// files have. What a browser or a spreadsheet program runs as it opens it (pages, drawings with scripts, macros' own formats,
// programs) is not among them.
var known = map[string][]string{
	"image/jpeg": {"jpg", "jpeg", "jpe", "jfif"},
	"image/png":  {"png"},
	"image/apng": {"png", "apng"},
	"image/webp": {"webp"},
	"image/gif":  {"gif"},
	"image/heic": {"heic", "heif", "hif"},
	"image/heif": {"heic", "heif", "hif"},

	"application/pdf": {"pdf"},
	"application/vnd.openxmlformats-officedocument.wordprocessingml.document":   {"docx", "docm", "dotx"},
	"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet":         {"xlsx", "xlsm", "xltx"},
	"application/vnd.openxmlformats-officedocument.presentationml.presentation": {"pptx", "pptm", "potx"},
	"application/vnd.oasis.opendocument.text":                                   {"odt"},
	"application/vnd.oasis.opendocument.spreadsheet":                            {"ods"},
	"application/vnd.oasis.opendocument.presentation":                           {"odp"},

	"text/plain":                texts,
	"text/csv":                  texts,
	"text/tab-separated-values": texts,
	"text/vtt":                  texts,
	"application/x-subrip":      texts,
	"application/json":          texts,
	"application/x-ndjson":      texts,
	"message/rfc822":            texts,

	"audio/mpeg":  {"mp3"},
	"audio/mp4":   {"m4a", "mp4"},
	"audio/x-m4a": {"m4a"},
	"audio/wav":   {"wav"},
	"audio/flac":  {"flac"},
	"audio/aac":   {"aac"},
	"audio/ogg":   {"ogg", "oga", "opus"},
	"audio/amr":   {"amr"},

	"video/mp4":       {"mp4", "m4v", "m4a"},
	"video/x-m4v":     {"m4v", "mp4"},
	"video/quicktime": {"mov", "qt"},
	"video/webm":      {"webm", "weba"},
	"video/matroska":  {"mkv", "mka"},
	"video/mpeg":      {"mpg", "mpeg"},
	"video/3gpp":      {"3gp"},
	"video/x-msvideo": {"avi"},
	"video/ogg":       {"ogv", "ogg"},
	"application/ogg": {"ogg", "ogx", "oga", "ogv"},

	"application/zip":   {"zip", "docx", "xlsx", "pptx", "odt", "ods", "odp"},
	"application/gzip":  {"gz", "tgz"},
	"application/x-tar": {"tar"},
}

// texts are endings of files that are text: which of the kinds a text is, its content seldom says.
var texts = []string{"txt", "text", "log", "md", "csv", "tsv", "json", "jsonl", "ndjson", "eml", "vtt", "srt", "har"}

// Known reports whether files of a media type are taken from anybody. Any other is kept where evidence of an attack is
// collected, and never opened here.
func Known(mediaType string) bool { return known[mediaType] != nil }

// Misnamed reports whether a file's name says that it is of another kind than its content shows. An ending that says nothing
// to us is no contradiction.
func Misnamed(name, mediaType string) bool {
	ending := strings.ToLower(strings.TrimPrefix(path.Ext(name), "."))
	return !slices.Contains(known[mediaType], ending) && slices.ContainsFunc(endings, func(of []string) bool { return slices.Contains(of, ending) })
}

// endings are those of all kinds.
var endings = func() (all [][]string) {
	for _, of := range known {
		all = append(all, of)
	}
	return all
}()
