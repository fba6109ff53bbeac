package cast

// Given names, one list for everybody.
var givens = []string{
	"Ada", "Adaeze", "Agnes", "Aiko", "Alejandro", "Amara", "Amina", "Anders", "Anika", "Anselm", "Arjun", "Astrid",
	"Ayla", "Beatriz", "Benedek", "Bilal", "Birgit", "Bongani", "Bruno", "Camila", "Caspian", "Chiara", "Chidi", "Clara",
	"Dae", "Dalia", "Daria", "Deniz", "Diego", "Dora", "Edda", "Eero", "Elif", "Emeka", "Emil", "Esther",
	"Ewa", "Farah", "Felix", "Femi", "Fiona", "Freya", "Gabriela", "Gita", "Goran", "Greta", "Hana", "Hassan",
	"Haruto", "Helene", "Hugo", "Ida", "Ignacio", "Imani", "Ines", "Ingrid", "Isak", "Ivana", "Jamila", "Jan",
	"Jasmin", "Jelena", "Jonas", "Jun", "Kamala", "Katya", "Kofi", "Lakshmi", "Lars", "Leila", "Lin", "Liv",
	"Luca", "Lucia", "Magnus", "Malik", "Marek", "Mariam", "Mateo", "Mei", "Mila", "Minh", "Nadia", "Naoki",
	"Nasrin", "Nia", "Nikola", "Noor", "Olga", "Omar", "Oskar", "Paolo", "Priya", "Quentin", "Rafael", "Ravi",
	"Rosa", "Ruth", "Sanna", "Selma", "Sofia", "Soren", "Tadeo", "Tamar", "Tariq", "Teresa", "Thandi", "Tomas",
	"Uma", "Vera", "Viktor", "Wanjiru", "Yara", "Yusuf", "Zara", "Zoltan",
}

// Family names, one list for everybody.
var families = []string{
	"Abara", "Adeyemi", "Aguilar", "Ahlberg", "Almeida", "Andersen", "Aoki", "Aslan", "Bakker", "Banerjee", "Barros", "Becker",
	"Berg", "Bianchi", "Brandt", "Calloway", "Castellano", "Chaudhry", "Chen", "Costa", "Dahl", "Demir", "Diallo", "Dimitrov",
	"Doğan", "Duarte", "Ekström", "El-Amin", "Eriksen", "Fairweather", "Farouk", "Ferrari", "Fischer", "Fontaine", "Fujita", "Garrido",
	"Ghosh", "Greenwood", "Guerrero", "Haddad", "Halvorsen", "Hartmann", "Hayashi", "Hendricks", "Horvat", "Ibrahim", "Ilves", "Ito",
	"Ivanova", "Jansen", "Jovanović", "Kamau", "Kaplan", "Karlsen", "Kaya", "Khan", "Kim", "Kiplagat", "Kovač", "Kowalska",
	"Kumar", "Laine", "Larsson", "Lindqvist", "Lombardi", "Lund", "Macdonald", "Mahlangu", "Marchetti", "Mbeki", "Medina", "Mendoza",
	"Mishra", "Moreau", "Mwangi", "Nakamura", "Nasser", "Ndiaye", "Nguyen", "Nielsen", "Novak", "Nyström", "Obi", "Okafor",
	"Oliveira", "Ortega", "Osei", "Owusu", "Papadakis", "Park", "Patel", "Pereira", "Petrov", "Popescu", "Quiroga", "Rahman",
	"Ramos", "Rao", "Reyes", "Ribeiro", "Rossi", "Saito", "Salazar", "Santoro", "Sato", "Schneider", "Shah", "Silva",
	"Singh", "Söderberg", "Sousa", "Suzuki", "Szabo", "Takahashi", "Tan", "Tanaka", "Thorne", "Torres", "Tran", "Vargas",
	"Vasquez", "Virtanen", "Wagner", "Watanabe", "Weber", "Whitlock", "Wu", "Yamamoto", "Yeboah", "Yilmaz", "Zhang", "Zulu",
}

// Places, one list for everybody.
var places = []Place{
	{"Lisbon", "Portugal", "Europe/Lisbon"}, {"Porto", "Portugal", "Europe/Lisbon"}, {"Braga", "Portugal", "Europe/Lisbon"},
	{"Madrid", "Spain", "Europe/Madrid"}, {"Valencia", "Spain", "Europe/Madrid"}, {"Lyon", "France", "Europe/Paris"},
	{"Nantes", "France", "Europe/Paris"}, {"Ghent", "Belgium", "Europe/Brussels"}, {"Utrecht", "Netherlands", "Europe/Amsterdam"},
	{"Leipzig", "Germany", "Europe/Berlin"}, {"Bremen", "Germany", "Europe/Berlin"}, {"Graz", "Austria", "Europe/Vienna"},
	{"Brno", "Czechia", "Europe/Prague"}, {"Gdansk", "Poland", "Europe/Warsaw"}, {"Krakow", "Poland", "Europe/Warsaw"},
	{"Tartu", "Estonia", "Europe/Tallinn"}, {"Turku", "Finland", "Europe/Helsinki"}, {"Malmo", "Sweden", "Europe/Stockholm"},
	{"Bergen", "Norway", "Europe/Oslo"}, {"Aarhus", "Denmark", "Europe/Copenhagen"}, {"Leeds", "United Kingdom", "Europe/London"},
	{"Bristol", "United Kingdom", "Europe/London"}, {"Cork", "Ireland", "Europe/Dublin"}, {"Turin", "Italy", "Europe/Rome"},
	{"Thessaloniki", "Greece", "Europe/Athens"}, {"Izmir", "Türkiye", "Europe/Istanbul"}, {"Cluj-Napoca", "Romania", "Europe/Bucharest"},
	{"Novi Sad", "Serbia", "Europe/Belgrade"}, {"Tbilisi", "Georgia", "Asia/Tbilisi"}, {"Haifa", "Israel", "Asia/Jerusalem"},
	{"Dubai", "United Arab Emirates", "Asia/Dubai"}, {"Lahore", "Pakistan", "Asia/Karachi"}, {"Pune", "India", "Asia/Kolkata"},
	{"Bengaluru", "India", "Asia/Kolkata"}, {"Singapore", "Singapore", "Asia/Singapore"}, {"Penang", "Malaysia", "Asia/Kuala_Lumpur"},
	{"Da Nang", "Vietnam", "Asia/Ho_Chi_Minh"}, {"Cebu", "Philippines", "Asia/Manila"}, {"Taichung", "Taiwan", "Asia/Taipei"},
	{"Osaka", "Japan", "Asia/Tokyo"}, {"Fukuoka", "Japan", "Asia/Tokyo"}, {"Busan", "South Korea", "Asia/Seoul"},
	{"Perth", "Australia", "Australia/Perth"}, {"Brisbane", "Australia", "Australia/Brisbane"}, {"Wellington", "New Zealand", "Pacific/Auckland"},
	{"Nairobi", "Kenya", "Africa/Nairobi"}, {"Accra", "Ghana", "Africa/Accra"}, {"Lagos", "Nigeria", "Africa/Lagos"},
	{"Cape Town", "South Africa", "Africa/Johannesburg"}, {"Casablanca", "Morocco", "Africa/Casablanca"}, {"Recife", "Brazil", "America/Recife"},
	{"Curitiba", "Brazil", "America/Sao_Paulo"}, {"Montevideo", "Uruguay", "America/Montevideo"}, {"Cordoba", "Argentina", "America/Argentina/Cordoba"},
	{"Medellin", "Colombia", "America/Bogota"}, {"Guadalajara", "Mexico", "America/Mexico_City"}, {"Halifax", "Canada", "America/Halifax"},
	{"Winnipeg", "Canada", "America/Winnipeg"}, {"Calgary", "Canada", "America/Edmonton"}, {"Tucson", "United States", "America/Phoenix"},
	{"Madison", "United States", "America/Chicago"}, {"Albany", "United States", "America/New_York"}, {"Boise", "United States", "America/Boise"},
	{"Tacoma", "United States", "America/Los_Angeles"},
}
